package notify

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// stays lets somebody in now, with a host.
func (w *town) stays(n byte, host record.Private) record.VisitID {
	v := w.comes(n, "North", record.Dossier{})
	w.edit(func() {
		p := &w.open[len(w.open)-1]
		p.Since, p.Seen.Place.Entrance = record.HLCOf(time.Now()), "East gate"
		w.hosts[v] = host
	})
	return v
}

func (w *town) leaves(v record.VisitID) {
	w.edit(func() {
		for i := range w.open {
			if w.open[i].Visit == v {
				w.open[i].State = record.Gone
			}
		}
	})
}

// A host is asked once, by one desk, in words that name nobody; who left before
// is not asked about.
func TestHostIsAskedAboutALongVisit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		first, second := w.office(1, true), w.office(2, true)
		door := w.office(3, false)
		second.rank = 1
		defer func() { first.stop(); second.stop(); door.stop() }()
		v, left := w.stays(1, "Sven Ask <sven@example.org>"), w.stays(2, "eva@example.org")
		nobody := w.stays(3, "nobody in particular")
		p, err := w.Presence(v)
		if got := first.AsksAt(t.Context(), p).Sub(p.Since.Time()); err != nil || got != 10*time.Hour || !door.AsksAt(t.Context(), p).IsZero() {
			t.Error("asked after", got, err)
		}
		if p, err := w.Presence(nobody); err != nil || !first.AsksAt(t.Context(), p).IsZero() {
			t.Error("a host without an address is asked", err)
		}
		later(9 * time.Hour)
		w.leaves(left)
		if first.post.count()+second.post.count() > 0 {
			t.Fatal("asked too early")
		}
		later(time.Hour + 2*remindEvery)
		if got := first.post.to(); len(got) != 1 || got[0] != "sven@example.org" {
			t.Fatal(got)
		}
		if !first.AsksAt(t.Context(), p).IsZero() {
			t.Error("asked again")
		}
		m := first.post.sent[0]
		if !strings.Contains(m.text, v.Badge().String()) || !strings.Contains(m.text, "East gate") || !strings.Contains(m.subject, "still here") {
			t.Error(m.subject, m.text)
		}
		first.crash()
		later(24 * time.Hour)
		if first.post.count() != 1 || second.post.count()+door.post.count() > 0 {
			t.Error("asked again", first.post.to(), second.post.to(), door.post.to())
		}
		if first.inClear("sven") {
			t.Error("the host's address lies in clear")
		}
	})
}

// A desk that hears of no other asks in its turn; nobody is asked while an
// evacuation runs, of a visit that has been erased, or where it is set to off.
func TestWhenAHostIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, true)
		o.rank = 3
		defer func() { o.stop() }()
		gone := w.stays(1, "sven@example.org")
		w.stays(2, "eva@example.org")
		run := w.sound(1, record.NodeID{9}, true, "")
		later(12 * time.Hour)
		if o.post.count() > 0 {
			t.Fatal("asked during an evacuation")
		}
		w.erase(gone)
		w.end(run)
		later(2 * remindEvery)
		if got := o.post.to(); len(got) != 1 || got[0] != "eva@example.org" {
			t.Fatal(got)
		}
		if err := o.Change(func(s *Settings) error { s.RemindHours = NoReminders; return nil }); err != nil {
			t.Fatal(err)
		}
		w.stays(3, "ada@example.org")
		later(11 * time.Hour)
		if o.post.count() != 1 {
			t.Fatal("asked though nobody is to be")
		}
		if err := o.Change(func(s *Settings) error { s.RemindHours = 11; return nil }); err != nil {
			t.Fatal(err)
		}
		later(3*remindTurn + 2*remindEvery)
		if o.post.count() != 2 {
			t.Fatal("not asked")
		}
		for _, bad := range []int{-2, 73} {
			p := new(Problem)
			if err := o.Change(func(s *Settings) error { s.RemindHours = bad; return nil }); !errors.As(err, &p) {
				t.Error(bad, err)
			}
		}
	})
}

// A host whose visitor leaves before the mail goes out gets none.
func TestNobodyIsAskedAboutWhoHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, true)
		defer func() { o.stop() }()
		o.post.fails = func(int, message) error { return context.DeadlineExceeded }
		v := w.stays(1, "sven@example.org")
		later(10*time.Hour + 2*remindEvery)
		if len(o.post.tries) == 0 {
			t.Fatal("not tried")
		}
		w.leaves(v)
		o.post.mu.Lock()
		o.post.fails = nil
		o.post.mu.Unlock()
		later(time.Hour)
		if o.post.count() > 0 || o.Status().Over != 1 {
			t.Fatalf("%v %+v", o.post.to(), o.Status())
		}
	})
}
