package watch

import (
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// seat is a house with who is known there, and its Watcher.
type seat struct {
	*house
	*Watcher
	seen map[record.VisitID]Seen
	fail map[record.VisitID]error
	told int
}

func newSeat(t *testing.T, name string, desk bool) *seat {
	s := &seat{house: newHouse(t, name, desk), seen: map[record.VisitID]Seen{}, fail: map[record.VisitID]error{}}
	s.Watcher = NewWatcher(WatcherConfig{
		Book: s.Book, Replica: s.desk, Ready: func() bool { return true }, Counts: func(record.NodeID) bool { return true },
		Look: func(v record.VisitID) (Seen, error) {
			if err := s.fail[v]; err != nil {
				return Seen{}, err
			}
			x, ok := s.seen[v]
			if !ok {
				return x, ErrGone
			}
			return x, nil
		},
		Expected: func() []record.VisitID { return nil },
		Tell:     func(_ Alert, known time.Duration) bool { s.told++; return known >= 0 },
		Now:      func() time.Time { return s.now },
	})
	return s
}

// arrive has somebody come, and hears of it.
func (s *seat) arrive(t *testing.T, v record.VisitID, x Seen) {
	t.Helper()
	s.seen[v] = x
	if _, err := s.desk.Commit(t.Context(), crdt.Draft{Event: &record.Event{Kind: record.Arrived, Visit: v, Place: record.Place{Site: "North"}}}); err != nil {
		t.Fatal(err)
	}
	s.heard(t)
}

func (s *seat) heard(t *testing.T) {
	t.Helper()
	if err := s.look(true); err != nil {
		t.Fatal(err)
	}
}

func TestAlertsAndAnswers(t *testing.T) {
	s := newSeat(t, "desk", true)
	s.arrive(t, record.VisitID{1}, Seen{Person: Person{Name: "Gunnar Marker"}, At: s.now, Open: true})
	if len(s.Alerts()) != 0 || s.read {
		t.Error("somebody is compared with no list")
	}
	e := s.add(t, gunnar)
	gone := Seen{Person: Person{Email: "gunnar@marker.example"}, At: sheettest.At.Add(-time.Hour)}
	s.arrive(t, record.VisitID{2}, gone) // who had left before the entry was made
	s.arrive(t, record.VisitID{3}, Seen{Person: Person{Name: "Bo Ek"}, At: s.now, Open: true})
	changed := s.Changed()
	s.arrive(t, record.VisitID{4}, Seen{
		Person: Person{Name: "Gunar Marker-Ek", Phone: "070 123 45 67"}, At: s.now.Add(time.Minute), Open: true,
		Matches: []record.Match{{Entry: e.ID, By: "phone", Wait: true}, {Entry: "another", By: "name"}},
	})
	select {
	case <-changed:
	default:
		t.Error("nobody is told of an alert")
	}
	all := s.Alerts()
	if len(all) != 2 || all[0].Visit != (record.VisitID{4}) || !all[0].Strong() || !all[0].Wait || all[1].Strong() || all[1].Wait || s.told != 2 {
		t.Fatalf("%+v, told %d", all, s.told)
	}
	problem(t, "no outcome", s.Answer("operator a", record.VisitID{4}, "shoe"), "watch.outcome")
	problem(t, "nobody", s.Answer("operator a", record.VisitID{3}, Other), "watch.no_alert")
	if err := s.Answer("operator a", record.VisitID{4}, TurnedAway); err != nil {
		t.Fatal(err)
	}
	s.heard(t)
	all = s.Alerts()
	if x := all[1].Answer; all[0].Answer != nil || x == nil || x.Outcome != TurnedAway || x.By != "operator a" {
		t.Fatalf("%+v", all)
	}
	// A newer entry asks anew; an answer covers what stood when it was given.
	s.now = sheettest.At.Add(time.Hour)
	s.add(t, Entry{Phone: "+46701234567", Reason: "another"})
	s.heard(t)
	if a, ok := s.Alert(record.VisitID{4}); !ok || a.Answer != nil || len(a.Found) != 2 || s.told != 3 {
		t.Errorf("%+v, told %d", a, s.told)
	}
	// What is erased, restricted or over is in no alert; nor is anybody when the
	// entry is off.
	s.fail[record.VisitID{4}] = ErrGone
	s.heard(t)
	if err := s.Remove(t.Context(), "", e.ID); err != nil {
		t.Fatal(err)
	}
	s.heard(t)
	if got := s.Alerts(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	for _, act := range s.acts {
		if act != "operator a watch.add "+e.ID && len(act) > len("operator a watch.answer turned_away")+8 {
			t.Errorf("on record: %q", act)
		}
	}
}

// A desk that starts anew knows alerts and answers again; what cannot be opened
// yet is tried again.
func TestAlertsOutliveAStart(t *testing.T) {
	s := newSeat(t, "desk", true)
	s.add(t, gunnar)
	s.arrive(t, record.VisitID{1}, Seen{Person: Person{Name: "Gunnar Marker"}, At: s.now, Open: true})
	s.arrive(t, record.VisitID{2}, Seen{Person: Person{Name: "Gunnar Marker"}, At: s.now, Open: true})
	if err := s.Answer("operator a", record.VisitID{1}, Other); err != nil {
		t.Fatal(err)
	}
	b := newSeat(t, "another desk", true)
	sheettest.Heal(t, s.desk, b.desk)
	for v, x := range s.seen {
		b.seen[v], b.fail[v] = x, errors.New("its key has not come")
	}
	b.heard(t)
	if len(b.Alerts()) != 0 {
		t.Error("what cannot be opened is compared")
	}
	clear(b.fail)
	b.heard(t)
	all := b.Alerts()
	if len(all) != 2 || all[0].Answer != nil || all[1].Answer == nil || b.told != 0 || len(b.acts) != 0 {
		t.Errorf("%+v, told %d, on record %q", all, b.told, b.acts)
	}
	// An entry that ends takes its alerts along.
	b.house.today += usualDays + 1
	b.heard(t)
	if len(b.Alerts()) != 0 {
		t.Error("an entry that is over alerts")
	}
	gate := newSeat(t, "gate", false)
	sheettest.Heal(t, s.desk, gate.desk)
	gate.seen = s.seen
	gate.heard(t)
	problem(t, "at a gate", gate.Answer("", record.VisitID{1}, Other), "watch.not_here")
	if gate.read || len(gate.Alerts()) != 0 {
		t.Error("a gate compares what it may not open")
	}
}
