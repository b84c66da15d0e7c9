package deliveries

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// shred has what is sealed of an id destroyed.
func (s *spot) shred(id record.VisitID) {
	s.t.Helper()
	act := record.Act{Kind: record.ActShred, Visits: []record.VisitID{id}, Erasure: record.ErasureID{1}, By: "op"}
	if _, err := s.Commit(s.t.Context(), crdt.Draft{Acts: []record.Act{act}}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *spot) renewed() {
	s.t.Helper()
	if err := s.Renew(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// Whom it is for is told once, by the node that took it in and no other, reminded
// after the days that are set, and again each four weeks while it waits.
func TestTheyAreToldOnce(t *testing.T) {
	h := newHouse(t)
	a, b := h.spot("a", true), h.spot("b", true)
	id := a.take(nil)
	a.take(func(r *Request) { r.For = "Nobody Known" })
	h.heal(a, b)
	look := func(want int) {
		t.Helper()
		for _, s := range []*spot{a, b} {
			s.tellNew()
			if err := s.Remind(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.renewed()
		}
		h.heal(a, b)
		if len(a.mails) != want || len(b.mails) != 0 {
			t.Errorf("%d mails by who took it in and %d by another, want %d", len(a.mails), len(b.mails), want)
		}
	}
	look(1)
	l := a.mails[id.String()+" delivered"]
	if l.To != "sven@example.org" || !strings.Contains(l.Text, "Hylla 3") || !strings.Contains(l.Text, id.Badge().String()) ||
		!strings.Contains(l.Text, "PostNord") || !strings.Contains(l.Text, "kallt") || strings.Contains(l.Text, "glas") {
		t.Errorf("%s", l.Text)
	}
	h.pass(2)
	look(1)
	h.pass(1)
	look(2)
	look(2)
	for range 27 {
		h.pass(1)
		look(2)
	}
	h.pass(1)
	look(3)
	if a.get(id).Reminded == 0 || b.get(id).Reminded != a.get(id).Reminded {
		t.Error("it is not known that somebody was reminded")
	}
	a.end(id, PickedUp, "")
	h.pass(29)
	look(3)
	b.remind = 0
}

// What waits is written and sealed anew before its day is dropped, and lives
// MaxWait days at most.
func TestWhatWaitsForLong(t *testing.T) {
	h := newHouse(t)
	a := h.spot("a", true)
	id := a.take(nil)
	begun := a.get(id).Begun
	last := record.DayOf(h.now())
	for range MaxWait + Keep {
		h.pass(1)
		a.renewed()
		a.drop(record.DayOf(h.now()) - 30)
		x, err := a.Get(id)
		if err != nil {
			break
		}
		if x.State != Waiting || x.Begun != begun || x.Parcel == nil {
			t.Fatalf("%+v", x)
		}
		last = record.DayOf(h.now())
		if until, _ := a.until(id); until > record.DayOf(begun.Time())+MaxWait {
			t.Fatal("sealed for longer than anything is kept")
		}
	}
	if n := int(last - record.DayOf(begun.Time())); n < 100 || n > MaxWait {
		t.Errorf("it waited for %d days", n)
	}
}

// drop drops the days before one.
func (s *spot) drop(before record.Day) {
	s.t.Helper()
	if err := s.DropBefore(s.t.Context(), before); err != nil {
		s.t.Fatal(err)
	}
}

// What has ended is sealed for the days that are set from then on, for a shorter
// time when they are made fewer, and is destroyed when that is over.
func TestWhatHasEndedIsLetGo(t *testing.T) {
	h := newHouse(t)
	a := h.spot("a", true)
	a.days = 10
	id := a.take(nil)
	today := record.DayOf(h.now())
	if until, _ := a.until(id); until != today+Keep {
		t.Errorf("waits until %d", until-today)
	}
	h.pass(2)
	a.end(id, PickedUp, "Bo Ek")
	if until, version := a.until(id); until != today+12 || version != 2 {
		t.Errorf("until %d, version %d", until-today, version)
	}
	slip := a.get(id).Ends[0].ID
	if until, _ := a.until(slip); until != today+12 {
		t.Errorf("who took it: until %d", until-today)
	}
	a.renewed()
	if _, version := a.until(id); version != 2 {
		t.Error("sealed anew for nothing")
	}
	if destroyed, shortened := a.Meaning(5); destroyed != 0 || shortened != 1 {
		t.Error(destroyed, shortened)
	}
	a.days = 5
	a.renewed()
	if until, _ := a.until(id); until != today+7 {
		t.Errorf("made fewer: until %d", until-today)
	}
	a.days = 20
	a.renewed()
	if until, _ := a.until(id); until != today+7 {
		t.Error("made longer for what has ended")
	}
	a.days = 3
	h.pass(3)
	if destroyed, _ := a.Meaning(3); destroyed != 1 {
		t.Error("it would not be destroyed")
	}
	a.renewed()
	if len(a.erased) != 2 {
		t.Errorf("%d are destroyed, want the delivery and who took it", len(a.erased))
	}
}

// A clock alone destroys nothing, and who took a delivery is destroyed in time also
// where what was said of it has died before.
func TestWhatHasEndedIsLetGoBySureDates(t *testing.T) {
	h := newHouse(t)
	a := h.spot("a", true)
	id := a.take(nil)
	a.end(id, PickedUp, "Bo Ek")
	slip := a.get(id).Ends[0].ID
	a.days, a.unsure = 5, true
	h.pass(9)
	a.renewed()
	if len(a.erased) != 0 {
		t.Error("destroyed by a clock alone")
	}
	a.unsure = false
	// What is said of it is read here no more.
	gone := record.SealedEntry{Kind: record.KeyPut, Visit: id, Audience: record.DossierAudience, Version: 9, Until: record.DayOf(h.now()), Box: []byte("key")}
	if _, err := a.Commit(t.Context(), crdt.Draft{Sealed: []record.SealedEntry{gone}}); err != nil {
		t.Fatal(err)
	}
	a.renewed()
	if len(a.erased) != 1 || a.erased[0] != slip {
		t.Errorf("destroyed are %v, want who took it", a.erased)
	}
}

// A desk that was away ended what others have written anew since: it stays ended
// when the day of that word is dropped, and what was put back stays put back.
func TestAnEndingIsNotDroppedBeforeWhatItEnds(t *testing.T) {
	h := newHouse(t)
	a, b := h.spot("a", true), h.spot("b", true)
	a.days = 30
	ended, back := a.take(nil), a.take(nil)
	h.heal(a, b)
	b.end(ended, PickedUp, "")
	b.end(back, Lost, "")
	if err := b.PutBack(t.Context(), "", back); err != nil {
		t.Fatal(err)
	}
	h.pass(18)
	a.renewed() // has not heard of either
	h.heal(a, b)
	for range 25 {
		h.pass(1)
		for _, s := range []*spot{a, b} {
			s.renewed()
			s.drop(record.DayOf(h.now()) - 30)
		}
		h.heal(a, b)
		for _, s := range []*spot{a, b} {
			if x, err := s.Get(ended); err == nil && x.State != PickedUp {
				t.Fatal("what was picked up waits again")
			}
			if x := s.get(back); x.State != Waiting {
				t.Fatal("what was put back is ended again")
			}
		}
	}
}
