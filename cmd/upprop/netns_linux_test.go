package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/upprop/upprop/cmd/internal/netns"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// healing is how long nodes may take to agree once they can reach each other.
// The design says ten seconds; machines that test are busy.
const healing = 45 * time.Second

// alone is how long a node may take over a check-in, the start of the
// command included, whoever else it can reach.
const alone = 3 * time.Second

// machine is one upprop in a network namespace of its own.
type machine struct {
	*process
	*netns.Machine
}

type place struct {
	t   *testing.T
	lab *netns.Lab
	all []*machine
	in  []record.VisitID // everybody who shall be on every list
}

// building starts a campus of n nodes, each on a machine of its own at
// 10.77.0.1 and on, and waits until all know of all.
func building(t *testing.T, n int) *place {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real processes")
	}
	t.Parallel()
	b := &place{t: t, lab: netns.New(t)}
	dir := t.TempDir()
	for i := range n {
		m := &machine{
			Machine: b.lab.Machine(string(rune('a'+i)), fmt.Sprintf("10.77.0.%d/24", i+1)),
			process: &process{t: t, dir: filepath.Join(dir, fmt.Sprint(i))},
		}
		t.Cleanup(func() { m.kill() })
		b.all = append(b.all, m)
		where := []string{"--data", m.dir, "--listen", "0.0.0.0:7460", "--http", "off"}
		if i == 0 {
			m.command(append([]string{"init", "--campus", "Ekudden", "--name", "Node a"}, where...)...)
		} else {
			tok := into[api.Token](t, "token", "create", "--data", b.all[0].dir, "--role", "entrance", "--name", "Node "+m.Name)
			m.command(append([]string{"join", tok.Token, "--enroll-only"}, where...)...)
		}
		m.boot()
	}
	b.allFresh("the campus has come together")
	return b
}

// command runs upprop on the machine to its end.
func (m *machine) command(args ...string) {
	m.t.Helper()
	bin, err := program()
	if err != nil {
		m.t.Fatal(err)
	}
	if out, err := m.Command(bin, args...).CombinedOutput(); err != nil {
		m.t.Fatalf("%s: %v: %v: %s", m.Name, args[0], err, out)
	}
}

// boot starts the node and waits until it answers; nobody else need be there.
func (m *machine) boot() {
	m.t.Helper()
	m.power()
	m.awake()
}

// power starts the node.
func (m *machine) power() {
	m.t.Helper()
	bin, err := program()
	if err != nil {
		m.t.Fatal(err)
	}
	m.stderr.Reset()
	m.cmd = m.Command(bin, "run", "--data", m.dir)
	m.cmd.Stderr = &m.stderr
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
}

// awake waits until the node answers.
func (m *machine) awake() {
	m.t.Helper()
	m.await("the node answers", 30*time.Second, func() bool {
		var s api.Status
		return newClient(m.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s) == nil
	})
}

// kill pulls the plug.
func (m *machine) kill() {
	if m.cmd == nil {
		return
	}
	_ = m.cmd.Process.Signal(syscall.SIGKILL)
	_ = m.cmd.Wait()
	m.cmd = nil
}

// checkIn has somebody arrive at a door, which answers at once.
func (b *place) checkIn(at *machine) record.VisitID {
	b.t.Helper()
	began := time.Now()
	v := checkIn(b.t, at.process, "Nina Marker")
	if took := time.Since(began); took > alone {
		b.t.Errorf("%s took %v to check in", at.Name, took)
	}
	b.in = append(b.in, v)
	return v
}

// checkOut has somebody leave through a door.
func (b *place) checkOut(at *machine, v record.VisitID) {
	b.t.Helper()
	must1(b.t, "visit", "out", "--data", at.dir, v.QR())
	b.in = slices.DeleteFunc(b.in, func(x record.VisitID) bool { return x == v })
}

// news is what a node's muster list says of another's entrance.
func (m *machine) news(of *machine) (complete time.Time, state string) {
	m.t.Helper()
	raw, err := newClient(m.dir).raw(context.Background(), "GET", "/api/v1/muster", nil)
	if err != nil {
		m.t.Fatal(err)
	}
	var l musterList
	if err := json.Unmarshal(raw, &l); err != nil {
		m.t.Fatal(err)
	}
	for _, e := range l.Entrances {
		if e.Name == "Node "+of.Name {
			return e.CompleteAsOf.Time, e.State
		}
	}
	m.t.Fatalf("the list of %s does not name the entrance %s", m.Name, of.Name)
	return
}

// allFresh waits until every node is complete of every other as of now, when
// it is called: old news that still count as fresh prove nothing.
func (b *place) allFresh(what string) {
	b.t.Helper()
	began := time.Now()
	for _, m := range b.all {
		for _, of := range b.all {
			m.await(fmt.Sprintf("%s: %s has fresh news of %s", what, m.Name, of.Name), healing, func() bool {
				at, s := m.news(of)
				return m == of || s == "fresh" && at.After(began)
			})
		}
	}
	b.t.Logf("%s: every list is up to date after %v", what, time.Since(began).Round(time.Millisecond))
}

// agree waits until the lists of these nodes have exactly those inside.
func (b *place) agree(what string, all ...*machine) {
	b.t.Helper()
	began := time.Now()
	want := sorted(b.in)
	for _, m := range all {
		m.await(fmt.Sprintf("%s: %d on the list of %s", what, len(want), m.Name), healing, func() bool {
			return slices.Equal(sorted(m.listed()), want)
		})
	}
	b.t.Logf("%s: %d nodes agree on %d people after %v", what, len(all), len(want), time.Since(began).Round(time.Millisecond))
}

func sorted(v []record.VisitID) []record.VisitID {
	v = slices.Clone(v)
	slices.SortFunc(v, func(a, b record.VisitID) int { return bytes.Compare(a[:], b[:]) })
	return v
}

// lists reports whether a person is on a node's list.
func (m *machine) lists(v record.VisitID) bool { m.t.Helper(); return slices.Contains(m.listed(), v) }

// TestNetnsHalves: two halves work apart for longer than memberlist remembers
// its dead (30 s), one node is killed and started again meanwhile, somebody
// leaves through a door that cannot know of it on the other side.
func TestNetnsHalves(t *testing.T) {
	b := building(t, 4)
	a, bb, c, d := b.all[0], b.all[1], b.all[2], b.all[3]
	before := b.checkIn(a)
	leaves := b.checkIn(bb)
	b.agree("before the cut", b.all...)

	b.lab.Part([]*netns.Machine{a.Machine, bb.Machine}, []*netns.Machine{c.Machine, d.Machine})
	cut := time.Now()
	time.Sleep(time.Second) // what was on its way when the cut fell
	var here, there []record.VisitID
	for time.Since(cut) < 40*time.Second {
		here = append(here, b.checkIn(a), b.checkIn(bb))
		there = append(there, b.checkIn(c), b.checkIn(d))
		if len(there) == 8 {
			d.kill()
			d.boot()
			for _, v := range append([]record.VisitID{before, there[1], there[len(there)-1]}, there[3]) {
				if !d.lists(v) {
					t.Errorf("d forgot %s when it was killed under the cut", v.Short())
				}
			}
		}
		time.Sleep(2 * time.Second)
	}
	b.checkOut(c, leaves)
	if c.lists(leaves) {
		t.Error("who left through c is on its list")
	}
	if !a.lists(leaves) {
		t.Error("a dropped somebody without evidence")
	}
	for _, m := range []*machine{a, bb} {
		for _, of := range []*machine{c, d} {
			if at, state := m.news(of); at.After(cut.Add(2*time.Second)) || state == "fresh" || at.IsZero() {
				t.Errorf("%s, cut off at %v, claims to be complete of %s as of %v (%s)", m.Name, cut, of.Name, at, state)
			}
		}
		if m.lists(there[0]) || !m.lists(here[len(here)-1]) || !m.lists(before) {
			t.Errorf("the list of %s under the cut is wrong", m.Name)
		}
	}
	if at, state := c.news(d); state != "fresh" {
		t.Errorf("c is %s of d, in the same half, as of %v", state, at)
	}
	b.lab.Heal()
	b.agree("40 s apart, healed", b.all...)
	b.allFresh("40 s apart, healed")
	t.Logf("%d check-ins on each side", len(here))
}

// TestNetnsLinks: of three nodes, two hear of each other only through the
// third; then a link carries one way; then it flaps; then the whole network
// loses a fifth of its packets and delays the others.
func TestNetnsLinks(t *testing.T) {
	b := building(t, 3)
	a, mid, c := b.all[0], b.all[1], b.all[2]

	b.lab.Part([]*netns.Machine{a.Machine}, []*netns.Machine{c.Machine})
	cut := time.Now()
	b.checkIn(a)
	b.checkIn(c)
	b.agree("heard of through a third", b.all...)
	for _, m := range [][2]*machine{{a, c}, {c, a}} {
		m[0].await("fresh news through a third, after the link has died", healing, func() bool {
			at, state := m[0].news(m[1])
			return state == "fresh" && at.After(cut.Add(15*time.Second))
		})
	}
	b.lab.Heal()

	b.lab.Cut(c.Machine, a.Machine) // c hears a; a does not hear c
	time.Sleep(2 * time.Second)
	b.checkIn(a)
	v := b.checkIn(c)
	b.agree("one way only", b.all...)
	b.checkOut(a, v)
	b.agree("one way only, out at another door", b.all...)
	b.lab.Heal()
	b.allFresh("one way only, healed")

	for range 6 {
		b.lab.Part([]*netns.Machine{c.Machine}, []*netns.Machine{a.Machine, mid.Machine})
		b.checkIn(c)
		time.Sleep(1500 * time.Millisecond)
		b.lab.Heal()
		b.checkIn(a)
		time.Sleep(1500 * time.Millisecond)
	}
	b.agree("a link that flapped", b.all...)
	b.allFresh("a link that flapped")

	b.lab.Lose(20)
	for _, m := range b.all {
		m.Weather(netns.Weather{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond})
	}
	for range 3 {
		for _, m := range b.all {
			b.checkIn(m)
		}
	}
	b.agree("a fifth of all packets lost", b.all...)
	mid.kill()
	b.checkIn(a)
	mid.boot()
	b.agree("a fifth of all packets lost, one restarted", b.all...)
}

// TestNetnsFar: two halves of a campus are joined by one link as bad as a
// satellite's or a crowded radio's: every packet takes 150 ms ± 50 ms each
// way, so that they overtake each other, and one of twenty is lost. Doors
// answer as ever, and all lists agree: while people come and go on both sides,
// when a node starts anew behind the link, and after the link was down.
func TestNetnsFar(t *testing.T) {
	b := building(t, 4)
	a, bb, c, d := b.all[0], b.all[1], b.all[2], b.all[3]
	b.lab.Far(netns.Weather{Delay: 150 * time.Millisecond, Jitter: 50 * time.Millisecond, Lose: 5}, c.Machine, d.Machine)

	var across []time.Duration
	for range 6 {
		for _, m := range b.all {
			b.checkIn(m)
		}
		for from, to := range map[*machine]*machine{a: c, d: bb} {
			v, began := b.checkIn(from), time.Now()
			to.await("heard of over the bad link", healing, func() bool { return to.lists(v) })
			across = append(across, time.Since(began))
		}
	}
	b.agree("over a bad link", b.all...)
	b.checkOut(c, b.in[0])
	b.checkOut(bb, b.in[len(b.in)-1])
	b.agree("over a bad link, out on the other side", b.all...)
	b.allFresh("over a bad link")
	slices.Sort(across)
	t.Logf("from a door to a list over the bad link: %v to %v, median %v", across[0].Round(time.Millisecond),
		across[len(across)-1].Round(time.Millisecond), across[len(across)/2].Round(time.Millisecond))

	d.kill()
	for _, m := range []*machine{a, bb, c} {
		b.checkIn(m)
	}
	d.boot()
	b.checkIn(d)
	b.agree("over a bad link, one restarted", b.all...)

	b.lab.FarLink(false)
	for down := time.Now(); time.Since(down) < 35*time.Second; time.Sleep(time.Second) {
		for _, m := range b.all {
			b.checkIn(m)
		}
	}
	b.lab.FarLink(true)
	b.agree("a bad link mended", b.all...)
	b.allFresh("a bad link mended")
}

// TestNetnsPowerCut: the whole campus loses power at once. It comes back in
// another order, half of it at other addresses, with nothing but the address
// book to go by; then once more, all at other addresses, with nothing but
// multicast DNS.
func TestNetnsPowerCut(t *testing.T) {
	b := building(t, 4)
	b.lab.NoMulticastDNS()

	// Addresses that change under running nodes: one that was dialled by all
	// others, and one that dialled them.
	for i, to := range map[int]string{0: "10.77.0.30/24", 3: "10.77.0.33/24"} {
		b.all[i].Move(to)
		b.checkIn(b.all[i])
		b.checkIn(b.all[1])
		b.agree("an address that changed", b.all...)
		b.allFresh("an address that changed")
	}

	for _, m := range b.all {
		b.checkIn(m)
	}
	for _, m := range b.all {
		m.kill()
	}
	b.all[1].Move("10.77.0.51/24")
	b.all[2].Move("10.77.0.52/24")
	for _, i := range []int{2, 0, 3, 1} {
		b.all[i].boot()
		b.checkIn(b.all[i])
	}
	b.agree("power back, half at other addresses, address book alone", b.all...)
	b.allFresh("power back, half at other addresses, address book alone")

	for _, m := range b.all {
		b.checkIn(m)
	}
	for _, m := range b.all {
		m.kill()
	}
	for i, m := range b.all {
		m.Move(fmt.Sprintf("10.77.0.%d/24", 100+i))
	}
	for _, i := range []int{3, 1, 2, 0} {
		b.all[i].boot()
		b.checkIn(b.all[i])
	}
	back := time.Now()
	time.Sleep(3 * time.Second)
	for _, m := range b.all {
		for _, of := range b.all {
			if at, state := m.news(of); m != of && at.After(back) {
				t.Errorf("%s hears %s (%s) without multicast DNS: what follows proves nothing", m.Name, of.Name, state)
			}
		}
	}
	b.lab.Clear() // the switches have started too
	b.agree("power back, all at other addresses, multicast DNS alone", b.all...)
	b.allFresh("power back, all at other addresses, multicast DNS alone")
}
