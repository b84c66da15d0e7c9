package privacy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// Receipt is a node's signed word that it has destroyed what was to be erased.
type Receipt struct {
	Node record.NodeID
	Name string
	At   time.Time
}

// Pending is a node that has not confirmed.
type Pending struct {
	Node record.NodeID
	Name string
	// LastHeard is zero when it was never heard of.
	LastHeard time.Time
}

// WrittenOff is a node that an operator has declared destroyed. That is no
// receipt: nobody knows what became of its disk.
type WrittenOff struct {
	Node record.NodeID
	Name string
	At   time.Time
	By   string
}

// Status is how far an erasure has come.
type Status struct {
	Erasure    record.ErasureID
	Receipts   []Receipt
	Pending    []Pending
	WrittenOff []WrittenOff
	// Complete: nobody is pending, or the keys of the deadline date have died, as
	// they do everywhere without any receipt. A clock that says so does not
	// suffice.
	Complete bool
}

// Member is a node as the status of an erasure looks at it.
type Member struct {
	Node      record.NodeID
	Name      string
	LastHeard time.Time
	// Revoked is zero for a node in good standing.
	Revoked time.Time
}

// Facts are all that a status follows from.
type Facts struct {
	Erasure record.ErasureID
	// Visits are what the erasure names.
	Visits []record.VisitID
	// Since is when the first of them may have been sealed; zero: not known.
	Since time.Time
	// Until is the last deadline of them; zero: not known. Gone is the last date
	// whose keys have died.
	Until, Gone record.Day
	Members     []Member
	Receipts    map[record.VisitID]map[record.NodeID]record.HLC
	WrittenOff  map[record.NodeID]WriteOff
}

// StatusOf is the status that follows from the facts. Whoever is or was a
// member since the first visit began may hold its key: all roles, those who
// joined later too until they confirm, and those who have been revoked since.
func StatusOf(f Facts) Status {
	s := Status{Erasure: f.Erasure}
	for _, m := range f.Members {
		at, confirmed := f.confirmed(m.Node)
		off, written := f.WrittenOff[m.Node]
		switch {
		case confirmed:
			s.Receipts = append(s.Receipts, Receipt{m.Node, m.Name, at})
		case !m.Revoked.IsZero() && m.Revoked.Before(f.Since):
		case written:
			s.WrittenOff = append(s.WrittenOff, WrittenOff{m.Node, m.Name, off.At, off.By})
		default:
			s.Pending = append(s.Pending, Pending{m.Node, m.Name, m.LastHeard})
		}
	}
	slices.SortFunc(s.Receipts, func(a, b Receipt) int {
		return cmp.Or(a.At.Compare(b.At), slices.Compare(a.Node[:], b.Node[:]))
	})
	slices.SortFunc(s.Pending, func(a, b Pending) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Node[:], b.Node[:]))
	})
	slices.SortFunc(s.WrittenOff, func(a, b WrittenOff) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Node[:], b.Node[:]))
	})
	s.Complete = len(s.Pending) == 0 || f.Until != 0 && f.Gone >= f.Until
	return s
}

// confirmed reports whether a node has confirmed every visit, and when the
// last of them.
func (f Facts) confirmed(n record.NodeID) (at time.Time, ok bool) {
	for _, v := range f.Visits {
		t, ok := f.Receipts[v][n]
		if !ok {
			return time.Time{}, false
		}
		if t.Time().After(at) {
			at = t.Time()
		}
	}
	return at, len(f.Visits) > 0
}

// Status is how far an erasure has come, by what is known here. Errors:
// ErrUnknownErasure.
func (s *Service) Status(id record.ErasureID) (Status, error) {
	visits, _, _, ok, err := s.cfg.Register.Erasure(id)
	if err != nil {
		return Status{}, fmt.Errorf("status of an erasure: %w", err)
	}
	if !ok {
		return Status{}, ErrUnknownErasure
	}
	f := Facts{
		Erasure: id, Visits: visits, Gone: s.cfg.Gone(), WrittenOff: s.writtenOff(),
		Receipts: map[record.VisitID]map[record.NodeID]record.HLC{},
	}
	shreds, err := s.cfg.Register.Shreds()
	if err != nil {
		return Status{}, fmt.Errorf("status of an erasure: %w", err)
	}
	until := map[record.VisitID]record.Day{}
	for _, x := range shreds {
		until[x.Visit] = x.Until
	}
	known := true
	for i, v := range visits {
		if f.Receipts[v], err = s.cfg.Register.Receipts(v); err != nil {
			return Status{}, fmt.Errorf("status of an erasure: %w", err)
		}
		known = known && until[v] != 0
		f.Until = max(f.Until, until[v])
		if at := s.cfg.Since(v); i == 0 || at.Before(f.Since) {
			f.Since = at
		}
	}
	if !known {
		f.Until = 0
	}
	for _, m := range s.cfg.Roster.Members() {
		f.Members = append(f.Members, s.member(m))
	}
	return StatusOf(f), nil
}

func (s *Service) member(m identity.Member) Member {
	out := Member{Node: record.NodeID(m.ID), Name: m.Name}
	if m.Revoked != nil {
		out.Revoked = m.Revoked.Time()
	}
	if m.ID == s.cfg.Self {
		out.LastHeard = s.cfg.Now()
	} else if s.cfg.LastHeard != nil {
		out.LastHeard = s.cfg.LastHeard(m.ID)
	}
	return out
}
