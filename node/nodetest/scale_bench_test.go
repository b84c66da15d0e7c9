package nodetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/visits"
)

// BenchmarkScale runs campuses of whole nodes at the product's own intervals
// and reports what each node costs: quiet, at work, when one joins, when one
// starts again, and when two halves find each other. Traffic is what the
// streams carry; CPU is this process's, the simulated network and disks
// included, divided by the nodes. Run it with -benchtime 1x. The table by
// protocol is in the log (-v). mesh/DESIGN.md quotes it.
func BenchmarkScale(b *testing.B) {
	for _, n := range []int{10, 25, 50} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			for b.Loop() {
				inBubble(b, func() error { return scale(b, n) })
			}
			b.ReportMetric(0, "ns/op") // fake time
		})
	}
}

// inBubble runs fn in a bubble of fake time, which package testing makes for
// tests alone.
func inBubble(b *testing.B, fn func() error) {
	b.Helper()
	var err error
	all := func(string, string) (bool, error) { return true, nil }
	ok := testing.RunTests(all, []testing.InternalTest{{Name: b.Name(), F: func(t *testing.T) {
		synctest.Test(t, func(*testing.T) { err = fn() })
	}}})
	if err != nil || !ok {
		b.Fatalf("in the bubble: %v", err)
	}
}

// sample is what a campus has spent so far.
type sample struct {
	at      time.Time
	cpu     time.Duration
	sent    map[string]memnet.Traffic
	entries uint64 // received by the mesh, known ones included
}

func (c *Campus) sample() sample {
	s := sample{at: time.Now(), sent: map[string]memnet.Traffic{}}
	for _, h := range c.Houses {
		for protocol, t := range c.Net.Sent(h.ID) {
			sum := s.sent[protocol]
			sum.Streams, sum.Writes, sum.Bytes = sum.Streams+t.Streams, sum.Writes+t.Writes, sum.Bytes+t.Bytes
			s.sent[protocol] = sum
		}
	}
	for _, h := range c.on() {
		s.entries += h.Node().Mesh().Counts()["entries_in"]
	}
	s.cpu = used() - judging
	return s
}

// judging is what looking at the campus from outside has cost; no node pays it.
var judging time.Duration

func used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spent is the difference of two samples.
type spent struct {
	sample
	over time.Duration
}

func (c *Campus) since(before sample) spent {
	now := c.sample()
	d := spent{now, now.at.Sub(before.at)}
	d.cpu -= before.cpu
	d.entries -= before.entries
	for protocol, t := range before.sent {
		sum := d.sent[protocol]
		sum.Streams, sum.Writes, sum.Bytes = sum.Streams-t.Streams, sum.Writes-t.Writes, sum.Bytes-t.Bytes
		d.sent[protocol] = sum
	}
	return d
}

func (d spent) all() (sum memnet.Traffic) {
	for _, t := range d.sent {
		sum.Streams, sum.Writes, sum.Bytes = sum.Streams+t.Streams, sum.Writes+t.Writes, sum.Bytes+t.Bytes
	}
	return sum
}

// beyond is what was sent and computed more than in as long a quiet time.
func (d spent) beyond(quiet spent) (bytes float64, cpu time.Duration) {
	share := d.over.Seconds() / quiet.over.Seconds()
	return float64(d.all().Bytes) - share*float64(quiet.all().Bytes), d.cpu - time.Duration(share*float64(quiet.cpu))
}

// perSecond tells of what was sent by each protocol, per node and second.
func (d spent) perSecond(nodes int) string { return d.line(float64(nodes) * d.over.Seconds()) }

// line tells of what was sent by each protocol, divided.
func (d spent) line(by float64) string {
	var out []string
	for _, p := range slices.Sorted(maps.Keys(d.sent)) {
		if t := d.sent[p]; t.Writes > 0 {
			out = append(out, fmt.Sprintf("%s %.1f streams %.1f writes %.0f B", strings.TrimPrefix(p, "/upprop/"), float64(t.Streams)/by, float64(t.Writes)/by, float64(t.Bytes)/by))
		}
	}
	return strings.Join(out, "; ")
}

// until waits for the campus to agree, touching nothing.
func (c *Campus) until() (time.Duration, error) {
	began := time.Now()
	for {
		synctest.Wait() // so that what is measured next is the looking alone
		before := used()
		err := c.agree()
		judging += used() - before
		if took := time.Since(began); err == nil || took > patience {
			return took, err
		}
		time.Sleep(250 * time.Millisecond)
	}
}

// work checks people in at nodes by turns, ten milliseconds apart.
func (c *Campus) work(people int) error {
	for i := range people {
		v, err := c.arrive(c.Houses[i%len(c.Houses)])
		if err != nil {
			return err
		}
		if v == nil {
			return fmt.Errorf("%s takes nobody in", c.Houses[i%len(c.Houses)].Name)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// welcoming waits until every node may seal particulars.
func (c *Campus) welcoming() error {
	began := time.Now()
	for _, h := range c.Houses {
		for {
			name := c.aName(h)
			_, err := h.Node().Visits().CheckIn(context.Background(), visits.Arrival{Name: record.Private(name)})
			if err == nil {
				c.truth.tried[name] = true
				break
			}
			if time.Since(began) > patience {
				return fmt.Errorf("%s takes nobody in: %w", h.Name, err)
			}
			time.Sleep(time.Second)
		}
	}
	return nil
}

const people = 200

// scale takes one campus through its day. The order matters: each phase is
// measured against the quiet minute of all nodes.
func scale(b *testing.B, n int) (err error) {
	c, err := newCampus(b.TempDir(), 1, n, pace{})
	defer func() {
		if shut := c.Close(); err == nil {
			err = shut
		}
	}()
	if err != nil {
		return err
	}
	if err := c.welcoming(); err != nil {
		return err
	}
	if _, err := c.until(); err != nil {
		return err
	}
	time.Sleep(30 * time.Second)
	each := float64(n)

	start := c.sample()
	time.Sleep(time.Minute)
	quiet := c.since(start)
	secs := each * quiet.over.Seconds()
	b.ReportMetric(float64(quiet.all().Bytes)/secs, "quiet-B/s/node")
	b.ReportMetric(float64(quiet.all().Writes)/secs, "quiet-writes/s/node")
	b.ReportMetric(float64(quiet.cpu.Microseconds())/secs/1000, "quiet-cpu-ms/s/node")
	b.Logf("quiet: %s", quiet.perSecond(n))

	start = c.sample()
	if err := c.work(people); err != nil {
		return err
	}
	late, err := c.until()
	if err != nil {
		return err
	}
	busy := c.since(start)
	bytes, cpu := busy.beyond(quiet)
	b.ReportMetric(bytes/people/each, "event-B/node")
	b.ReportMetric(float64(cpu.Microseconds())/people/each, "event-cpu-µs/node")
	b.ReportMetric(float64(busy.entries)/people/(each-1), "event-entries-in/node")
	b.Logf("work: %d check-ins, agreed %v after the last: %s", people, late, busy.perSecond(n))

	if err := c.again(b, quiet); err != nil {
		return err
	}
	if err := c.split(b, quiet); err != nil {
		return err
	}

	start = c.sample()
	if err := c.Join(0); err != nil {
		return err
	}
	took, err := c.until()
	if err != nil {
		return err
	}
	joined := c.since(start)
	bytes, cpu = joined.beyond(quiet)
	b.ReportMetric(bytes/1000, "join-kB")
	b.ReportMetric(float64(cpu.Milliseconds()), "join-cpu-ms")
	b.Logf("join: agreed after %v, the whole campus in %v: %s", took, joined.over, joined.line(1))
	return nil
}

// again: one node starts again.
func (c *Campus) again(b *testing.B, quiet spent) error {
	h := c.Houses[1]
	start := c.sample()
	if err := h.stop(); err != nil {
		return err
	}
	time.Sleep(5 * time.Second)
	if err := h.start(); err != nil {
		return err
	}
	took, err := c.until()
	if err != nil {
		return err
	}
	d := c.since(start)
	bytes, cpu := d.beyond(quiet)
	b.ReportMetric(bytes/1000, "restart-kB")
	b.ReportMetric(float64(cpu.Milliseconds()), "restart-cpu-ms")
	b.ReportMetric(took.Seconds(), "restart-s")
	b.Logf("restart: the whole campus in %v: %s", d.over, d.line(1))
	return nil
}

// split: halves work for a minute without one another.
func (c *Campus) split(b *testing.B, quiet spent) error {
	var halves [2][]identity.NodeID
	for i, h := range c.Houses {
		halves[i%2] = append(halves[i%2], h.ID)
	}
	c.Net.Partition(memnet.BlackHole, halves[0], halves[1])
	time.Sleep(45 * time.Second)
	if err := c.work(people); err != nil {
		return err
	}
	time.Sleep(15 * time.Second)
	start := c.sample()
	c.Net.Heal()
	took, err := c.until()
	if err != nil {
		return err
	}
	d := c.since(start)
	bytes, cpu := d.beyond(quiet)
	each := float64(len(c.Houses))
	b.ReportMetric(took.Seconds(), "heal-s")
	b.ReportMetric(bytes/each/1000, "heal-kB/node")
	b.ReportMetric(float64(cpu.Milliseconds())/each, "heal-cpu-ms/node")
	b.ReportMetric(float64(d.entries)/each/(people/2), "heal-entries-in/missed-check-in")
	b.Logf("heal: %s", d.perSecond(len(c.Houses)))
	return nil
}
