package alarm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// AddRequest is what somebody tells of a person who is on no list.
type AddRequest struct {
	// Text says who it may be: a name, or what the person looks like.
	Text record.Private
	// Mark and Point are as in MarkRequest. With a Point and no Mark the person
	// is safe there; with neither, nothing is known but that there is somebody.
	Mark  record.Mark
	Point record.PointName
	How   string
	Once  record.OnceID
	// Starts are as in MarkRequest.
	Starts []record.EvacID
}

// Added is the house's word that a person is on the list.
type Added struct {
	Visit      record.VisitID
	Badge      record.BadgeCode
	PointKnown bool
	// Already: this act had been delivered to this node before.
	Already bool
}

// Add puts somebody on the list who is on none, with a visit of their own. The
// text is sealed as the name on its card. It returns when visit, text and mark
// are durable together. Errors: *Problem, ErrNotCovered, the Sealer's, the
// Barred one.
func (s *Service) Add(ctx context.Context, r AddRequest) (Added, error) {
	if err := s.cfg.Barred(); err != nil {
		return Added{}, err
	}
	if r.Point != "" && r.Mark == "" {
		r.Mark = record.Safe
	}
	if r.Mark != "" && !r.Mark.Valid() {
		return Added{}, errNoMark
	}
	text, err := checkedText(r.Text)
	if err != nil {
		return Added{}, err
	}
	point, err := checkedPoint(r.Point)
	if err != nil {
		return Added{}, err
	}
	place := s.cfg.Place()
	visit, known, err := s.newcomer(r.Once)
	if err != nil {
		return Added{}, fmt.Errorf("add: %w", err)
	}
	first, already := counted(known)
	out := Added{Visit: visit, Badge: visit.Badge(), PointKnown: point == "" || s.cfg.KnownPoint(point), Already: already}
	if slices.ContainsFunc(known, func(x record.Stated) bool { return x.ID.Actor.Node() == s.cfg.Node }) {
		out.Already = true
		return out, cause(s.cfg.Replica.Sync())
	}
	starts := s.starts(r.Starts)
	if already {
		// It was seen where it was told first, and then.
		place, starts = first.Event.Place, s.startsOf(r.Starts, first.Event.Starts)
	} else if _, on := s.Running(place.Site); !on && len(r.Starts) == 0 {
		return Added{}, ErrNotCovered
	}
	sealed, stored, until, err := s.cfg.Sealer.Describe(visit, text)
	if err != nil {
		return Added{}, fmt.Errorf("add: %w", err)
	}
	drafts := []crdt.Draft{{Event: &record.Event{
		Kind: record.Added, Visit: visit, Place: place, How: r.How, Ends: until, Starts: starts, Once: r.Once,
	}}}
	if r.Mark != "" {
		drafts = append(drafts, crdt.Draft{Event: &record.Event{
			Kind: record.Marked, Visit: visit, Mark: r.Mark, Point: point, How: r.How, Place: place, Starts: starts, Once: r.Once,
		}})
	}
	// Another node may have taken the same act before, and it may be erased.
	drafts = append(drafts, crdt.Draft{Sealed: sealed, Fresh: r.Once.IsZero()})
	if _, err := s.write(ctx, drafts...); err != nil {
		return Added{}, fmt.Errorf("add: %w", err)
	}
	stored()
	s.note("person.add", person{visit: visit})
	return out, nil
}

// newcomer is the visit of somebody who is added. The same act has the same
// one, whichever node it is delivered to; known are the events that tell of it.
func (s *Service) newcomer(once record.OnceID) (v record.VisitID, known []record.Stated, err error) {
	if once.IsZero() {
		v, err = s.cfg.Sealer.Draw()
		return v, nil, err
	}
	sum := sha256.Sum256(append([]byte("upprop added person\x00"), once[:]...))
	v = record.VisitID(sum[:16])
	said, err := s.cfg.Replica.Evidence(v.Badge())
	return v, slices.DeleteFunc(said, func(x record.Stated) bool { return x.Event.Kind != record.Added || x.Event.Visit != v }), cause(err)
}

// Join records that who was added turned out to be the bearer of a visit: they
// are one person from then on, with the marks of both. Of who was joined
// before, the last counts. It needs no evacuation to run. Errors: *Problem, the
// Barred one.
func (s *Service) Join(ctx context.Context, added, visit record.Code) (from, to record.VisitID, err error) {
	to, err = s.bearer(visit)
	if err != nil {
		return from, to, err
	}
	return s.join(ctx, added, to)
}

// Part takes back a Join: who was added is a person of their own again.
func (s *Service) Part(ctx context.Context, added record.Code) (record.VisitID, error) {
	from, _, err := s.join(ctx, added, record.VisitID{})
	return from, err
}

func (s *Service) join(ctx context.Context, added record.Code, to record.VisitID) (record.VisitID, record.VisitID, error) {
	if err := s.cfg.Barred(); err != nil {
		return record.VisitID{}, to, err
	}
	p, err := s.find(added)
	if err != nil {
		return record.VisitID{}, to, err
	}
	i := slices.IndexFunc(p.all, func(q record.Presence) bool { return q.Visit == p.visit })
	switch {
	case i < 0 || !p.all[i].Added:
		return p.visit, to, errNotAdded
	case p.visit == to:
		return p.visit, to, errSelf
	case p.all[i].Joined == to:
		if said, err := s.joinedHere(p.visit, to); said || err != nil {
			return p.visit, to, cause(errors.Join(err, s.cfg.Replica.Sync()))
		}
	}
	e := record.Event{Kind: record.Joined, Visit: p.visit, Other: to, Place: s.cfg.Place()}
	if _, err := s.write(ctx, crdt.Draft{Event: &e}); err != nil {
		return p.visit, to, fmt.Errorf("join: %w", err)
	}
	note, what := to.String(), "person.join"
	if to.IsZero() {
		note, what = "", "person.part"
	}
	s.cfg.Record(what, p.visit, note)
	return p.visit, to, nil
}

// joinedHere reports whether it is this node's last word that somebody who was
// added turned out to be the bearer of a visit; that they never did needs none.
func (s *Service) joinedHere(added, to record.VisitID) (bool, error) {
	said, err := s.cfg.Replica.Evidence(added.Badge())
	var last record.Event
	joined := false
	for _, x := range said {
		if x.Event.Kind != record.Joined || x.Event.Visit != added {
			continue
		}
		joined = true
		if x.ID.Actor.Node() == s.cfg.Node && x.Event.At > last.At {
			last = x.Event
		}
	}
	return !joined || last.At != 0 && last.Other == to, err
}

// bearer is the visit that a code means.
func (s *Service) bearer(code record.Code) (record.VisitID, error) {
	p, err := s.find(code)
	if err == nil && p.visit.IsZero() {
		err = errNoVisit
	}
	return p.visit, err
}
