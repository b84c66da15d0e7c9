package node

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// halfSize is how many nodes each half of the campus has.
const halfSize = 4

// stillOpen is how many visits of each half are open at the heal; all others
// of it are history.
const stillOpen = 300

// BenchmarkHeal cuts a campus of eight into two halves over real loopback
// connections, has each half write events that the other does not hear of, and
// measures from the moment the cut is mended. group is how many events share a
// signature: 1 is a quiet kiosk, 64 a busy one. UPPROP_HEAL sets the number of
// events of each half.
//
//	agree-s     until all nodes hold the same
//	open-s      until every node knows all visits that are open; open-linked-s
//	            from when that node had its first connection over the cut
//	x-payload   bytes received by a node, over the size of what it lacked: mean and most
//	x-sent      the same of what the node that sent most sent
//	cpu-us      of processor time for each event that a node took over
func BenchmarkHeal(b *testing.B) {
	events := 10_000
	if n, err := strconv.Atoi(os.Getenv("UPPROP_HEAL")); err == nil {
		events = n
	}
	for _, group := range []int{1, 64} {
		b.Run(fmt.Sprintf("events=%d/group=%d", events, group), func(b *testing.B) {
			for b.Loop() {
				heal(b, events, group)
			}
		})
	}
}

func heal(b *testing.B, events, group int) {
	b.StopTimer()
	nodes, a, c := halves(b)
	open := slices.Concat(diverge(b, a, events, group, 0), diverge(b, c, events, group, 1))
	for _, half := range [][]*running{a, c} {
		agree(b, half, func() uint64 { return held(half[0]) })
	}
	total := held(a[0]) + held(c[0]) - held(a[0], c[0].Replica())
	payload := make([]float64, len(nodes))
	received, sent := make([]uint64, len(nodes)), make([]uint64, len(nodes))
	for i, n := range nodes {
		payload[i] = float64(lacks(b, n, nodes[(i+halfSize)%len(nodes)]))
		received[i], sent[i] = n.Mesh().Counts()["bytes_in"], n.Mesh().Counts()["bytes_out"]
	}
	busy := cpu(b)

	b.StartTimer()
	began := time.Now()
	sever(a, c, false)
	openIn, linked := make([]time.Duration, len(nodes)), make([]time.Duration, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { openIn[i] = knows(n, open).Sub(began) })
		wg.Go(func() {
			for len(n.Mesh().Peers()) < halfSize {
				time.Sleep(5 * time.Millisecond)
			}
			linked[i] = time.Since(began)
		})
	}
	agree(b, nodes, func() uint64 { return total })
	took := time.Since(began)
	busy = cpu(b) - busy
	wg.Wait()
	b.StopTimer()

	var mean, most, mostSent, size float64
	for i, n := range nodes {
		in := float64(n.Mesh().Counts()["bytes_in"]-received[i]) / payload[i]
		out := float64(n.Mesh().Counts()["bytes_out"]-sent[i]) / payload[i]
		mean, most, mostSent = mean+in/float64(len(nodes)), max(most, in), max(mostSent, out)
		size += payload[i] / float64(len(nodes))
	}
	b.ReportMetric(took.Seconds(), "agree-s")
	b.ReportMetric(slices.Max(openIn).Seconds(), "open-s")
	for i := range openIn {
		openIn[i] -= linked[i]
	}
	b.ReportMetric(slices.Max(openIn).Seconds(), "open-linked-s")
	b.ReportMetric(size/1e6, "payload-MB")
	b.ReportMetric(mean, "x-payload-mean")
	b.ReportMetric(most, "x-payload-most")
	b.ReportMetric(mostSent, "x-sent-most")
	b.ReportMetric(float64(busy.Microseconds())/float64(events*len(nodes)), "cpu-us")
	for _, n := range nodes {
		if got := len(n.Replica().Open()); got != len(open) {
			b.Errorf("%d open visits at %s, want %d", got, n.Self().Name, len(open))
		}
		n.stop()
	}
	b.StartTimer()
}

// halves is a campus cut in two.
func halves(b *testing.B) (all, a, c []*running) {
	b.Helper()
	desk := first(b)
	all = []*running{desk}
	for i := range 2*halfSize - 1 {
		all = append(all, desk.joined(fmt.Sprintf("Gate %d", i+1), identity.RoleEntrance))
	}
	eventually(b, "a full mesh", func() bool {
		return !slices.ContainsFunc(all, func(n *running) bool { return len(n.Mesh().Peers()) != len(all)-1 })
	})
	eventually(b, "the same rosters and settings", func() bool { return agreed(all, held(all[0])) })
	a, c = all[:halfSize], all[halfSize:]
	sever(a, c, true)
	eventually(b, "a cut", func() bool {
		return !slices.ContainsFunc(all, func(n *running) bool { return len(n.Mesh().Peers()) != halfSize-1 })
	})
	return all, a, c
}

func sever(a, c []*running, cut bool) {
	for _, x := range a {
		for _, y := range c {
			x.Mesh().Sever(y.key.ID(), cut)
			y.Mesh().Sever(x.key.ID(), cut)
		}
	}
}

// diverge has a half write visits that come and go, and returns those that
// stay, which are spread evenly over all that is written.
func diverge(b testing.TB, half []*running, events, group, side int) (open []record.VisitID) {
	b.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	each, stay := events/len(half), stillOpen/len(half)
	for w, n := range half {
		wg.Go(func() {
			var drafts []crdt.Draft
			put := func(e record.Event) {
				drafts = append(drafts, crdt.Draft{Event: &e})
				if len(drafts) < group {
					return
				}
				if _, err := n.Replica().Commit(context.Background(), drafts...); err != nil {
					b.Error(err)
				}
				drafts = nil
			}
			visits := (each + stay) / 2
			for i := range visits {
				var v record.VisitID
				binary.BigEndian.PutUint64(v[:], uint64(side*len(half)+w+1)*0x9e3779b97f4a7c15+uint64(i)*0x2545f4914f6cdd1d)
				binary.BigEndian.PutUint32(v[8:], uint32(i))
				v[15] = byte(1 + side)
				p := place(n.Self())
				put(record.Event{Kind: record.Arrived, Visit: v, Place: p, Type: "visitor", How: "kiosk", Ends: record.DayOf(time.Now()) + 30})
				if (i+1)*stay/visits != i*stay/visits {
					mu.Lock()
					open = append(open, v)
					mu.Unlock()
					continue
				}
				put(record.Event{Kind: record.Left, Visit: v, Place: p, How: "kiosk"})
			}
			if len(drafts) > 0 {
				if _, err := n.Replica().Commit(context.Background(), drafts...); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return open
}

// held is the number of entries a node holds; of those that all others hold
// as well, when others are named.
func held(n *running, others ...*crdt.Replica) (count uint64) {
	for doc := range n.Replica().Digests() {
		for _, h := range n.Replica().Vector(doc) {
			seq := h.Seq
			for _, o := range others {
				seq = min(seq, headOf(o, doc, h.Actor))
			}
			count += seq
		}
	}
	return count
}

func headOf(r *crdt.Replica, doc record.DocID, actor record.ActorID) uint64 {
	for _, h := range r.Vector(doc) {
		if h.Actor == actor {
			return h.Seq
		}
	}
	return 0
}

func agree(b *testing.B, nodes []*running, want func() uint64) {
	b.Helper()
	for end := time.Now().Add(10 * time.Minute); !agreed(nodes, want()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatal("the nodes never agree")
		}
	}
}

func agreed(nodes []*running, want uint64) bool {
	for _, n := range nodes {
		if held(n) != want {
			return false
		}
	}
	return true
}

// lacks is the size of what n lacks and other holds, in bytes as it is stored.
func lacks(b testing.TB, n, other *running) (size int) {
	b.Helper()
	for doc := range other.Replica().Digests() {
		for _, h := range other.Replica().Vector(doc) {
			if err := other.Replica().Read(doc, h.Actor, headOf(n.Replica(), doc, h.Actor), func(_ uint64, raw []byte) error {
				size += len(raw)
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
	}
	return size
}

// knows waits until every visit is among those that a node counts as open.
func knows(n *running, visits []record.VisitID) time.Time {
	for {
		changed := n.Replica().Changed()
		there := map[record.VisitID]bool{}
		for _, p := range n.Replica().Open() {
			there[p.Visit] = true
		}
		if !slices.ContainsFunc(visits, func(v record.VisitID) bool { return !there[v] }) {
			return time.Now()
		}
		<-changed
		time.Sleep(100 * time.Millisecond)
	}
}

// cpu is the processor time that the process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
