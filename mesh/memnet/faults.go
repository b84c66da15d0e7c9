package memnet

import (
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// Mode is what happens to bytes on a path that is cut.
type Mode int

const (
	// Closing closes connections at once, as a router that answers for a
	// host it cannot reach.
	Closing Mode = iota + 1
	// BlackHole lets bytes vanish silently: reads wait for their deadlines,
	// writes fill their window, and after DeadAfter the connection is lost.
	// Bytes in flight arrive after all if the path is restored before.
	BlackHole
)

// arrow is a path in one direction.
type arrow struct{ from, to identity.NodeID }

type faults struct {
	cuts      map[arrow]Mode
	delays    map[arrow]lag
	stuck     map[identity.NodeID]bool
	groups    map[identity.NodeID]int // zero for hosts in no named group
	partition Mode                    // zero when whole
}

// lag is the time of one way: base, and up to jitter more.
type lag struct{ base, jitter time.Duration }

func newFaults() faults {
	return faults{
		cuts:   make(map[arrow]Mode),
		delays: make(map[arrow]lag),
		stuck:  make(map[identity.NodeID]bool),
		groups: make(map[identity.NodeID]int),
	}
}

// mode is how the path is cut, zero when it is not.
func (f *faults) mode(from, to identity.NodeID) Mode {
	if m := f.cuts[arrow{from, to}]; m != 0 {
		return m
	}
	if f.groups[from] != f.groups[to] {
		return f.partition
	}
	return 0
}

func (f *faults) holed(from, to identity.NodeID) bool { return f.mode(from, to) == BlackHole }

func (f *faults) severed(a, b identity.NodeID) bool {
	return f.mode(a, b) == Closing || f.mode(b, a) == Closing
}

func (f *faults) vanishing(a, b identity.NodeID) bool { return f.holed(a, b) || f.holed(b, a) }

// delay draws the time of one way. The caller holds mu.
func (n *Net) delay(from, to identity.NodeID) time.Duration {
	l := n.faults.delays[arrow{from, to}]
	if l.jitter > 0 {
		return l.base + time.Duration(n.rng.Int64N(int64(l.jitter)))
	}
	return l.base
}

// change applies an edit of the faults to all connections.
func (n *Net) change(edit func(*faults)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	edit(&n.faults)
	for _, c := range n.ordered() {
		if n.faults.severed(c.key[0], c.key[1]) {
			c.kill()
			continue
		}
		c.condition()
	}
	close(n.changed)
	n.changed = make(chan struct{})
}

// Partition splits the hosts into groups that reach only their own; hosts
// not named form one more group. It replaces an earlier partition. Groups
// need not be disjoint in time, only in one call: the last naming counts.
func (n *Net) Partition(mode Mode, groups ...[]identity.NodeID) {
	n.change(func(f *faults) {
		clear(f.groups)
		for i, g := range groups {
			for _, id := range g {
				f.groups[id] = i + 1
			}
		}
		f.partition = mode
	})
}

// Cut cuts the path between two hosts in both directions.
func (n *Net) Cut(mode Mode, a, b identity.NodeID) {
	n.change(func(f *faults) {
		f.cuts[arrow{a, b}] = mode
		f.cuts[arrow{b, a}] = mode
	})
}

// CutOneWay stops what from sends to to. With Closing the connection is lost,
// for no connection lives on one direction; with BlackHole the other direction
// still passes until the connection is given up.
func (n *Net) CutOneWay(mode Mode, from, to identity.NodeID) {
	n.change(func(f *faults) { f.cuts[arrow{from, to}] = mode })
}

// Restore undoes cuts between two hosts in both directions; a partition
// stands.
func (n *Net) Restore(a, b identity.NodeID) {
	n.change(func(f *faults) {
		delete(f.cuts, arrow{a, b})
		delete(f.cuts, arrow{b, a})
	})
}

// Heal undoes the partition, all cuts and all stuck hosts, and stops
// flapping. Delays stand.
func (n *Net) Heal() {
	n.mu.Lock()
	for f := range n.flaps {
		f.end()
	}
	n.mu.Unlock()
	n.change(func(f *faults) {
		clear(f.cuts)
		clear(f.groups)
		clear(f.stuck)
		f.partition = 0
	})
}

// Delay sets the time of one way between two hosts, in both directions, and
// how much more chance may add, drawn for each stream.
func (n *Net) Delay(a, b identity.NodeID, base, jitter time.Duration) {
	n.change(func(f *faults) {
		f.delays[arrow{a, b}] = lag{base, jitter}
		f.delays[arrow{b, a}] = lag{base, jitter}
	})
}

// Stick makes a host stop reading (true) or go on (false): what is sent to it
// fills its windows, new streams to it are not answered, connections stand.
func (n *Net) Stick(id identity.NodeID, stuck bool) {
	n.change(func(f *faults) { f.stuck[id] = stuck })
}

// Drop loses the connection between two hosts once and reports whether there
// was one.
func (n *Net) Drop(a, b identity.NodeID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.conns[keyOf(a, b)]
	if c != nil {
		c.kill()
	}
	return c != nil
}
