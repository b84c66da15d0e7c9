package privacy

import (
	"context"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

// A node whose clock has jumped ahead, and that nobody bears out, ends nothing
// by its terms, shortens nothing, and keeps the key of the campus; it does all
// of that once it is sure of the date.
func TestTermsWaitForASureDate(t *testing.T) {
	s := newSafe()
	s.left(visit(1), "visitor", 1)
	s.left(visit(2), "visitor", 5)
	s.holds(visit(3), 40, false, "campus")
	s.dated = t0
	var over []record.VisitID
	r := s.resealer()
	r.cfg.Keep = func(string) terms.Days { return terms.Days{Card: 10, Contact: 3} }
	r.cfg.Over = func(_ context.Context, v []record.VisitID) (int, error) {
		over = append(over, v...)
		return len(v), nil
	}
	was := map[record.PartKey]KeyRecord{}
	for k, v := range s.keys {
		was[k] = v
	}
	s.now, s.unsure = t0.AddDate(0, 2, 0), true
	if err := r.Step(t.Context()); err != nil || s.stored != 0 || len(over) != 0 || !s.campus {
		t.Fatal("done by a clock alone:", s.stored, over, s.campus, err)
	}
	s.now = t0.AddDate(0, 0, 8)
	if err := r.Step(t.Context()); err != nil || s.stored != 0 || len(over) != 0 {
		t.Fatal("done by a clock alone:", s.stored, over, err)
	}
	for k, v := range was {
		if got := s.keys[k]; got.Version != v.Version || got.Until != v.Until {
			t.Errorf("%+v", got)
		}
	}
	s.now, s.unsure = t0, false
	if err := r.Step(t.Context()); err != nil || s.until(visit(1), cardOf) != 9 || s.until(visit(2), dossierOf) != 1 {
		t.Error("not done once it is sure:", s.until(visit(1), cardOf), err)
	}
	r.cfg.Keep = func(string) terms.Days { return terms.Days{Card: 2, Contact: 2} }
	if err := r.Step(t.Context()); err != nil || !slices.Equal(over, []record.VisitID{visit(2)}) {
		t.Error("not ended once it is sure:", over, err)
	}
}

// What was planned by a date that is sure is not ended by a clock that jumps
// while it is done.
func TestAClockThatJumpsWhileSealing(t *testing.T) {
	s := newSafe()
	s.left(visit(1), "visitor", 1)
	r := s.resealer()
	r.cfg.Keep = func(string) terms.Days { return terms.Days{Card: 10, Contact: 3} }
	r.cfg.Today = func() record.Day { return s.today() + 20 }
	if err := r.Step(t.Context()); err != nil || s.until(visit(1), cardOf) != 9 || s.until(visit(1), dossierOf) != 2 {
		t.Error("ended:", s.until(visit(1), cardOf), s.until(visit(1), dossierOf), err)
	}
	if k := s.keys[record.PartKey{Visit: visit(1), Audience: cardOf}]; len(k.Wrap) == nobodySize {
		t.Error("it opens nothing")
	}
}

// The terms end and shorten nothing of a visit that is kept for the person,
// also where it became so after the work was planned.
func TestTermsLeaveWhatIsKeptForThePerson(t *testing.T) {
	s := newSafe()
	s.left(visit(1), "visitor", 1)
	s.left(visit(2), "visitor", 12)
	s.holds(visit(3), 20, false, "campus")
	kept, asked := true, 0
	var over []record.VisitID
	r := s.resealer()
	r.cfg.Keep = func(string) terms.Days { return terms.Days{Card: 10, Contact: 3} }
	r.cfg.Over = func(_ context.Context, v []record.VisitID) (int, error) {
		over = append(over, v...)
		return len(v), nil
	}
	r.cfg.Kept = func() func(record.Presence) bool {
		asked++
		return func(record.Presence) bool { return kept || asked > 1 }
	}
	if err := r.Step(t.Context()); err != nil || s.until(visit(1), cardOf) != 29 || len(over) != 0 {
		t.Error("ended for the terms:", s.until(visit(1), cardOf), over, err)
	}
	if k := s.keys[record.PartKey{Visit: visit(3), Audience: cardOf}]; string(k.Wrap) != "dated" || s.until(visit(3), cardOf) != 20 {
		t.Error("the campus's key is not left behind without shortening:", s.until(visit(3), cardOf))
	}
	kept, asked = false, 0
	if err := r.Step(t.Context()); err != nil || s.until(visit(1), cardOf) != 29 {
		t.Error("shortened for the terms after it was to be kept:", s.until(visit(1), cardOf), err)
	}
	asked = -100
	if err := r.Step(t.Context()); err != nil || s.until(visit(1), cardOf) != 9 || !slices.Contains(over, visit(2)) {
		t.Error("not done for those who are not kept:", s.until(visit(1), cardOf), over, err)
	}
}
