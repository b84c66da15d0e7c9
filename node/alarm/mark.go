package alarm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// MarkRequest is what somebody says of a person.
type MarkRequest struct {
	Code record.Code
	Mark record.Mark
	// Point is where; empty where that does not matter. One that nobody has set
	// up is kept.
	Point record.PointName
	// How says where it was said: "command", "handheld", "phone".
	How string
	// Once is drawn by a device that may deliver the same act again, here or to
	// another node: it counts once. Zero: this is the only delivery.
	Once record.OnceID
	// Said is when the device says that it was done, by its own clock: evidence, and
	// nothing is decided by it. Zero: it was not said.
	Said time.Time
	// Starts are those that the device knew to run when the act was done. Then
	// it is taken also when nothing runs any more. None: it is done now.
	Starts []record.EvacID
	// Blind: whoever said it did not see what this node knows, so it stands
	// instead of nothing but what Over and OverActs name.
	Blind bool
	// Over are the marks and departures that the device had before it, and
	// OverActs its own acts, of which it may not know how they are on record.
	Over     []record.EventID
	OverActs []record.OnceID
}

// Marked is the house's word that a mark is on record.
type Marked struct {
	ID record.EventID
	// Visit is zero where only a badge code was given that nobody knows.
	Visit record.VisitID
	Badge record.BadgeCode
	Mark  record.Mark
	Point record.PointName
	At    record.HLC
	// PointKnown is false for a point that nobody has set up; Known for a
	// person of whom this node has heard.
	PointKnown, Known bool
	// Already: this act had been delivered to this node before.
	Already bool
}

// Mark records what is said of a person. It stands instead of what stood on
// this node, and of nothing that this node has not heard of. A badge, visit or
// QR that nobody has told this node of is marked all the same, and meets its
// visit when the news do. Errors: *Problem, ErrNotCovered, the Barred one.
func (s *Service) Mark(ctx context.Context, r MarkRequest) (Marked, error) {
	if err := s.cfg.Barred(); err != nil {
		return Marked{}, err
	}
	if !r.Mark.Valid() {
		return Marked{}, errNoMark
	}
	point, err := checkedPoint(r.Point)
	if err != nil {
		return Marked{}, err
	}
	p, err := s.find(r.Code)
	if err != nil {
		return Marked{}, err
	}
	_, own, err := s.told(p, record.Marked, r.Once)
	if err != nil {
		return Marked{}, fmt.Errorf("mark: %w", err)
	}
	was, already := p.done(r.Once)
	if own != nil {
		// The first delivery may still be on its way to the disk.
		if err := s.cfg.Replica.Sync(); err != nil {
			return Marked{}, fmt.Errorf("mark: %w", cause(err))
		}
		if !already {
			was = record.MarkFact{Fact: record.Fact{ID: own.ID, At: own.Event.At}, Mark: own.Event.Mark, Point: own.Event.Point}
		}
		return s.marked(p, was, true), nil
	}
	if !already && len(r.Starts) == 0 && !s.concerns(p) {
		return Marked{}, ErrNotCovered
	}
	e := p.about(record.Event{
		Kind: record.Marked, Mark: r.Mark, Point: point, How: r.How, Once: r.Once, Place: s.cfg.Place(), Starts: s.starts(r.Starts),
	})
	if t := r.Said; !t.IsZero() && t.Year() > 1970 && t.Year() < 9999 {
		e.Said = record.HLCOf(t)
	}
	if e.Over = p.standing(); r.Blind {
		e.Over = p.seen(r)
	}
	if already {
		// It was done where it was told first: what has been said since stands, and
		// so does the act itself.
		e.Starts = s.startsOf(r.Starts, was.Starts)
		if !r.Blind {
			e.Over = was.Over
		}
		e.Over = slices.DeleteFunc(slices.Clone(e.Over), func(id record.EventID) bool { return id == was.ID || slices.Contains(was.Copies, id) })
	}
	ids, err := s.write(ctx, crdt.Draft{Event: &e})
	if err != nil {
		return Marked{}, fmt.Errorf("mark: %w", err)
	}
	s.note("mark."+string(r.Mark), p)
	if already {
		return s.marked(p, was, true), nil
	}
	m := record.MarkFact{Fact: record.Fact{ID: ids[0]}, Mark: r.Mark, Point: point}
	known, err := s.cfg.Replica.ByBadge(p.badge)
	if err != nil {
		return Marked{}, fmt.Errorf("mark: %w", cause(err))
	}
	for _, q := range known {
		if i := slices.IndexFunc(q.Marks, func(m record.MarkFact) bool { return m.ID == ids[0] }); i >= 0 {
			m = q.Marks[i]
		}
	}
	return s.marked(p, m, false), nil
}

// done is the mark by which an act was recorded before.
func (p person) done(once record.OnceID) (record.MarkFact, bool) {
	if once.IsZero() {
		return record.MarkFact{}, false
	}
	for _, q := range p.all {
		if i := slices.IndexFunc(q.Marks, func(m record.MarkFact) bool { return m.Once == once }); i >= 0 {
			return q.Marks[i], true
		}
	}
	return record.MarkFact{}, false
}

func (s *Service) marked(p person, m record.MarkFact, already bool) Marked {
	return Marked{
		ID: m.ID, Visit: p.visit, Badge: p.badge, Mark: m.Mark, Point: m.Point, At: m.At,
		PointKnown: m.Point == "" || s.cfg.KnownPoint(m.Point), Known: p.known, Already: already,
	}
}

// starts are those that an act names: all that run as far as this node knows,
// and those that the device knew.
func (s *Service) starts(device []record.EvacID) []record.EvacID {
	out := slices.Clone(device)
	if e, on := s.Running(""); on {
		for _, id := range e.IDs() {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out[:min(len(out), maxStarts)]
}

// note puts on record what was done to somebody.
func (s *Service) note(what string, p person) {
	note := ""
	if e, on := s.Running(""); on {
		note = e.ID.String()
	}
	if p.visit.IsZero() {
		note = p.badge.String() + " " + note
	}
	s.cfg.Record(what, p.visit, note)
}

// Undone says which mark was taken back, and what stands now; empty: none.
type Undone struct {
	// ID is the correction; of a wrong mark, Of.
	ID, Of record.EventID
	Visit  record.VisitID
	Badge  record.BadgeCode
	Mark   record.Mark
	Now    record.Mark
	// Already: this act had been delivered to this node before.
	Already bool
}

// Undo corrects the mark that stands on a person, whoever made it: what it
// stood instead of stands again. The mark and its correction stay on record.
// Once is as in MarkRequest. Errors: *Problem, the Barred one.
func (s *Service) Undo(ctx context.Context, code record.Code, once record.OnceID) (Undone, error) {
	if err := s.cfg.Barred(); err != nil {
		return Undone{}, err
	}
	p, err := s.find(code)
	if err != nil {
		return Undone{}, err
	}
	out := Undone{Visit: p.visit, Badge: p.badge}
	already, err := s.undone(ctx, p, record.OnceID{}, once)
	if err != nil {
		return Undone{}, err
	}
	v := s.verdict(p)
	if already {
		out.Already, out.Now = true, v.Mark
		return out, nil
	}
	switch {
	case !s.concerns(p):
		return Undone{}, ErrNotCovered
	case v.Mark == "":
		return Undone{}, errNothing
	}
	of := v.By.ID
	id, err := s.correct(ctx, p, p.correcting(of, once))
	if err != nil {
		return Undone{}, err
	}
	out.ID, out.Of, out.Mark = id, of, v.Mark
	if p, err = s.find(code); err != nil {
		return Undone{}, err
	}
	out.Now = s.verdict(p).Mark
	return out, nil
}
