package audit

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// Entry is one stored entry of acts.
type Entry struct {
	ID      record.EventID
	Acts    record.Acts
	Payload []byte
	// Proved: its author's signature was checked, just now.
	Proved bool
}

// Read calls fn for every retained entry, in any order.
type Read func(fn func(Entry) error) error

// Kind says what is wrong with a node's acts.
type Kind string

const (
	// Altered: an entry is not as its author wrote it, or its neighbour is not.
	Altered Kind = "altered"
	// Missing: entries between others, or at the beginning, are not here.
	Missing Kind = "missing"
	// Reordered: entries stand in another order than they were written in.
	Reordered Kind = "reordered"
	// Forked: the node wrote two different entries at one place. It was put
	// back to an older copy, or runs on two machines.
	Forked Kind = "forked"
)

// Fault is one thing that is wrong.
type Fault struct {
	Node record.NodeID
	Kind Kind
	// N is the number of the entry, of the first where it is several; Count
	// is how many are missing.
	N, Count uint64
	What     string
}

// Chain is what is here of one node's acts.
type Chain struct {
	Node        record.NodeID
	Entries     int
	First, Last uint64
	// Dropped: earlier ones have been dropped after their retention.
	Dropped bool
}

// Report is what a verification found.
type Report struct {
	// OK: nothing is wrong with what is here.
	OK     bool
	Chains []Chain
	Faults []Fault
}

// Held says how far a writer's entries are held in a document.
type Held struct {
	Doc   record.DocID
	Actor record.ActorID
	Seq   uint64
}

// Verify walks every node's chain. horizon is the first day that is kept here,
// zero when nothing was ever dropped; held, where it is given, are the
// register's own heads of the documents of acts, by which entries taken away
// at the beginning or end are noticed. Errors are those of read.
func Verify(read Read, horizon record.Day, held []Held) (Report, error) {
	nodes := map[record.NodeID][]Entry{}
	seen := map[record.EventID]bool{}
	err := read(func(e Entry) error {
		n := e.ID.Actor.Node()
		e.Payload = slices.Clone(e.Payload)
		nodes[n] = append(nodes[n], e)
		seen[e.ID] = true
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("read acts: %w", err)
	}
	var out Report
	for _, h := range held {
		if n := h.Actor.Node(); nodes[n] == nil {
			nodes[n] = []Entry{}
		}
	}
	ids := make([]record.NodeID, 0, len(nodes))
	for n := range nodes {
		ids = append(ids, n)
	}
	slices.SortFunc(ids, func(a, b record.NodeID) int { return slices.Compare(a[:], b[:]) })
	for _, n := range ids {
		c, faults := walk(n, nodes[n], horizon)
		out.Chains, out.Faults = append(out.Chains, c), append(out.Faults, faults...)
		out.Faults = append(out.Faults, gone(n, held, seen, len(faults) > 0)...)
	}
	out.OK = len(out.Faults) == 0
	return out, nil
}

// gone are entries that the register knows of and cannot read.
func gone(n record.NodeID, held []Held, seen map[record.EventID]bool, told bool) []Fault {
	count := uint64(0)
	for _, h := range held {
		if h.Actor.Node() != n {
			continue
		}
		for seq := uint64(1); seq <= h.Seq; seq++ {
			if !seen[record.EventID{Doc: h.Doc, Actor: h.Actor, Seq: seq}] {
				count++
			}
		}
	}
	if count == 0 || told {
		return nil
	}
	return []Fault{{Node: n, Kind: Missing, Count: count, What: fmt.Sprintf("%d entries that had been taken in are not on the disk any more", count)}}
}

// walk follows one node's chain.
func walk(node record.NodeID, all []Entry, horizon record.Day) (c Chain, out []Fault) {
	fault := func(k Kind, n, count uint64, format string, args ...any) {
		out = append(out, Fault{node, k, n, count, fmt.Sprintf(format, args...)})
	}
	c = Chain{Node: node, Entries: len(all)}
	if len(all) == 0 {
		return c, nil
	}
	slices.SortFunc(all, func(a, b Entry) int {
		if a.Acts.N != b.Acts.N {
			if a.Acts.N < b.Acts.N {
				return -1
			}
			return 1
		}
		return a.ID.Compare(b.ID)
	})
	c.First, c.Last = all[0].Acts.N, all[len(all)-1].Acts.N
	sums := map[[32]byte]uint64{}
	lives := map[uint64][]record.ActorID{}
	for _, e := range all {
		sums[sha256.Sum256(e.Payload)] = e.Acts.N
		lives[e.Acts.N] = append(lives[e.Acts.N], e.ID.Actor)
	}
	bad := map[uint64]bool{}
	for _, e := range all {
		if !e.Proved {
			bad[e.Acts.N] = true
			fault(Altered, e.Acts.N, 1, "the signature of entry %d does not fit what is in it", e.Acts.N)
		}
	}
	for i, e := range all {
		n := e.Acts.N
		if i > 0 && all[i-1].Acts.N == n {
			if i == 1 || all[i-2].Acts.N != n {
				fault(Forked, n, 1, "entry %d was written more than once, differently: the node was put back to an older copy, or runs on two machines", n)
			}
			continue
		}
		switch before, ok := sums[e.Acts.Prev]; {
		case n == 1 && e.Acts.Prev != [32]byte{}, n == 0:
			fault(Altered, n, 1, "entry %d names an entry before the first", n)
		case n == 1 || ok && before == n-1:
		case len(lives[n-1]) > 0:
			switch {
			case bad[n], bad[n-1]:
			case !slices.Contains(lives[n-1], e.ID.Actor):
				// What it did follow from has been dropped with its day, or is not here.
				fault(Forked, n, 1, "entry %d follows from another entry %d than the one here, of another start of the node: it was put back to an older copy, runs on two machines, or one of the two has been altered", n, n-1)
			default:
				fault(Altered, n, 1, "entry %d does not follow from entry %d: one of the two has been altered", n, n-1)
			}
		case i > 0 && ahead(all[:i], e.ID) && begins(e.ID, horizon):
			c.Dropped = true
		case i > 0:
			from := all[i-1].Acts.N + 1
			fault(Missing, from, n-from, "%d entries from %d on are missing", n-from, from)
		case begins(e.ID, horizon):
			c.Dropped = true
		default:
			fault(Missing, 1, n-1, "%d entries before entry %d are missing", n-1, n)
		}
	}
	for _, n := range disordered(all) {
		fault(Reordered, n, 1, "entry %d stands before one that was written earlier", n)
	}
	return c, out
}

// begins reports whether what came before an entry may have been dropped with
// its day: something has been, and this one is the first of its writer there.
func begins(id record.EventID, horizon record.Day) bool {
	d, err := record.ParseDocID(string(id.Doc))
	return err == nil && horizon > 0 && d.Day >= horizon && id.Seq == 1
}

// ahead reports whether every one of the entries before one stands in a document
// of a later day: a clock that was far ahead filed them, and they stay longer than
// what was written after them by one that was right.
func ahead(before []Entry, id record.EventID) bool {
	d, err := record.ParseDocID(string(id.Doc))
	return err == nil && !slices.ContainsFunc(before, func(e Entry) bool {
		x, err := record.ParseDocID(string(e.ID.Doc))
		return err != nil || x.Day <= d.Day
	})
}

// disordered are entries whose place in their document contradicts their
// number. all is in order of number.
func disordered(all []Entry) (out []uint64) {
	type slot struct {
		doc   record.DocID
		actor record.ActorID
	}
	last := map[slot]uint64{}
	for _, e := range all {
		s := slot{e.ID.Doc, e.ID.Actor}
		if e.ID.Seq <= last[s] {
			out = append(out, e.Acts.N)
		}
		last[s] = max(last[s], e.ID.Seq)
	}
	return out
}
