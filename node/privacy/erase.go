package privacy

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// MaxVisits is how many visits one erasure may name.
	MaxVisits = 4096
	// maxActVisits bounds the visits of one act.
	maxActVisits = 256
)

// Erasure is the house's word that an erasure is on record.
type Erasure struct {
	ID     record.ErasureID
	Visits []record.VisitID
	// Again: it had been ordered here before.
	Again bool
}

// Erase orders what is sealed about the visits to be destroyed everywhere. It
// returns when the order is durable here; Status tells who has carried it out.
// Nobody leaves a list by it: who may be inside stays on it without a name.
// The same visits erased again at the same node give the same erasure.
// Errors: *Problem for what a person can mend.
func (s *Service) Erase(ctx context.Context, visits ...record.VisitID) (Erasure, error) {
	if err := s.may(); err != nil {
		return Erasure{}, err
	}
	visits = slices.Clone(visits)
	slices.SortFunc(visits, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) })
	visits = slices.Compact(visits)
	switch {
	case len(visits) == 0:
		return Erasure{}, ErrNoVisits
	case apart(visits) > MaxVisits:
		return Erasure{}, ErrTooMany
	}
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if id, ok, err := s.ordered(visits); err != nil || ok {
		return Erasure{ID: id, Visits: visits, Again: true}, err
	}
	for _, v := range visits {
		ok, err := s.cfg.Register.Known(v)
		if err != nil {
			return Erasure{}, fmt.Errorf("erase: %w", err)
		}
		if !ok {
			return Erasure{}, ErrUnknownVisit
		}
	}
	out := Erasure{Visits: visits}
	rand.Read(out.ID[:])
	var acts []record.Act
	for part := range slices.Chunk(visits, maxActVisits) {
		act := record.Act{Kind: record.ActShred, Visits: part, Erasure: out.ID, By: Operator}
		for _, v := range part {
			act.Until = max(act.Until, s.cfg.Stands(v))
		}
		acts = append(acts, act)
	}
	if err := s.cfg.Register.Act(ctx, acts); err != nil {
		return Erasure{}, fmt.Errorf("erase: %w", err)
	}
	s.cfg.Logger.Info("erasure ordered", "erasure", out.ID.String(), "visits", len(visits))
	return out, nil
}

// apart is how many visits there are, each with its photograph or without.
func apart(visits []record.VisitID) (n int) {
	for _, v := range visits {
		if !v.IsPhoto() {
			n++
		}
	}
	return n
}

// Operator is by whom an act was done that came through this node's commands.
const Operator = "operator at this node"

// ordered finds an erasure of this node that names all the visits.
func (s *Service) ordered(visits []record.VisitID) (id record.ErasureID, ok bool, err error) {
	shreds, err := s.cfg.Register.Shreds()
	if err != nil {
		return id, false, fmt.Errorf("erase: %w", err)
	}
	named, first := map[record.ErasureID]int{}, map[record.ErasureID]record.HLC{}
	for _, x := range shreds {
		if _, ours := slices.BinarySearchFunc(visits, x.Visit, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) }); !ours {
			continue
		}
		for _, e := range x.Erasures {
			if e.By == record.NodeID(s.cfg.Self) {
				named[e.ID]++
				first[e.ID] = e.At
			}
		}
	}
	for e, n := range named {
		if n == len(visits) && (!ok || first[e] < first[id]) {
			id, ok = e, true
		}
	}
	return id, ok, nil
}
