package alarm

import (
	"context"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// What was said here is written by this node, once, also where others have said
// it: nobody knows yet whose word will turn out to count.

// covered reports whether another start would change nothing, and writes this
// node's own word of what covers it, where it has given none. A drill that is
// asked for during an alarm is not begun.
func (s *Service) covered(ctx context.Context, running record.Evacuation, drill bool, site record.SiteID) (bool, error) {
	var covers []record.Start
	for _, x := range running.Starts {
		if (x.Site == "" || x.Site == site) && (drill || !x.Drill) {
			covers = append(covers, x)
		}
	}
	if len(covers) == 0 || slices.ContainsFunc(covers, s.toldHere) {
		return len(covers) > 0, nil
	}
	same := func(x record.Start) bool { return x.Drill == drill && x.Site == site }
	i := slices.IndexFunc(covers, same)
	if i < 0 {
		i = slices.IndexFunc(covers, func(x record.Start) bool { return x.Drill == drill })
	}
	if i < 0 {
		return true, nil
	}
	return true, s.tell(ctx, covers[i])
}

// toldHere reports whether it is this node's word that a start was made.
func (s *Service) toldHere(x record.Start) bool { return slices.Contains(x.Told, s.cfg.Node) }

// tell writes this node's word of a start, as it is.
func (s *Service) tell(ctx context.Context, x record.Start) error {
	return s.writeStart(ctx, x.ID, record.Event{Drill: x.Drill, Scope: x.Site, Since: x.At})
}

// told are the events that tell of an act upon a person, and own is the one that
// this node wrote, nil for none.
func (s *Service) told(p person, kind record.Kind, once record.OnceID) (all []record.Stated, own *record.Stated, err error) {
	if once.IsZero() {
		return nil, nil, nil
	}
	badges := []record.BadgeCode{p.badge}
	for _, q := range p.all {
		if !slices.Contains(badges, q.Badge()) {
			badges = append(badges, q.Badge())
		}
	}
	for _, b := range badges {
		said, err := s.cfg.Replica.Evidence(b)
		if err != nil {
			return nil, nil, cause(err)
		}
		for _, x := range said {
			if x.Event.Kind == kind && x.Event.Once == once {
				all = append(all, x)
			}
		}
	}
	if i := slices.IndexFunc(all, func(x record.Stated) bool { return x.ID.Actor.Node() == s.cfg.Node }); i >= 0 {
		own = &all[i]
	}
	return all, own, nil
}

// startsOf are those that an act names which others have told of: what the
// device knew, and what was known where it was told first. It was done then, and
// not in what has begun since.
func (s *Service) startsOf(device, first []record.EvacID) []record.EvacID {
	out := slices.Clone(device)
	for _, id := range first {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return s.starts(nil)
	}
	return out[:min(len(out), maxStarts)]
}

// counted is the first of some events that counts.
func counted(all []record.Stated) (record.Stated, bool) {
	i := slices.IndexFunc(all, func(x record.Stated) bool { return x.Standing == record.Counted })
	if i < 0 {
		return record.Stated{}, false
	}
	return all[i], true
}

// undone reports whether a taking back was delivered before, and writes this
// node's own word of it, where it has given none: of the mark that another's
// takes back, or of the act of a device that is meant, where that is not zero.
func (s *Service) undone(ctx context.Context, p person, act, once record.OnceID) (bool, error) {
	all, own, err := s.told(p, record.Corrected, once)
	if err != nil {
		return false, err
	}
	if own != nil {
		return true, cause(s.cfg.Replica.Sync())
	}
	x, heard := counted(all)
	if !heard || x.Event.Of == nil {
		return false, nil
	}
	// Nothing but a mark, whatever another says that it took back.
	said, err := s.cfg.Replica.Evidence(x.Event.BadgeOf())
	if err != nil {
		return false, cause(err)
	}
	i := slices.IndexFunc(said, func(m record.Stated) bool {
		return m.Event.Kind == record.Marked && (act.IsZero() && m.ID == *x.Event.Of || !act.IsZero() && m.Event.Once == act)
	})
	if i < 0 {
		return true, cause(s.cfg.Replica.Sync())
	}
	_, err = s.correct(ctx, p, record.Event{Visit: x.Event.Visit, Badge: x.Event.Badge, Of: &said[i].ID, Once: once})
	return true, err
}

// correct writes a correction of a mark on a person.
func (s *Service) correct(ctx context.Context, p person, e record.Event) (record.EventID, error) {
	e.Kind, e.Place = record.Corrected, s.cfg.Place()
	ids, err := s.write(ctx, crdt.Draft{Event: &e})
	if err != nil {
		return record.EventID{}, fmt.Errorf("take back a mark: %w", err)
	}
	s.note("mark.undo", p)
	return ids[0], nil
}

// correcting is a correction of a mark on a person, said where the mark is looked
// for.
func (p person) correcting(of record.EventID, once record.OnceID) record.Event {
	e := p.about(record.Event{Of: &of, Once: once})
	for _, q := range p.all {
		if slices.ContainsFunc(q.Marks, func(m record.MarkFact) bool { return m.ID == of }) {
			e.Visit, e.Badge = q.Visit, q.Code
		}
	}
	return e
}
