package notify

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

var agreed = record.Dossier{Phone: "070-123 45 67", Email: "astrid.marker@example.org", Lang: "en", Notify: true}

func TestAlarmIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, true)
		defer func() { o.stop() }()
		if err := o.Change(func(s *Settings) error { s.Link = "https://upprop.example.org"; return nil }); err != nil {
			t.Fatal(err)
		}
		here := w.comes(1, "North", agreed)
		w.comes(2, "South", record.Dossier{Phone: "0709999999", Notify: true})
		w.comes(3, "North", record.Dossier{Phone: "0708888888", Email: "no@example.org"}) // did not agree
		w.comes(4, "", record.Dossier{Email: "bo@example.org", Notify: true, Lang: "sv"})
		start := w.sound(1, o.id, false, "North")
		later(2 * time.Second)
		if got := fmt.Sprint(o.post.to()); got != "[070-123 45 67 astrid.marker@example.org bo@example.org]" {
			t.Fatal(got)
		}
		for _, m := range o.post.sent {
			if strings.Contains(m.text+m.subject, "arker") {
				t.Error("a message names somebody")
			}
			if m.to == "bo@example.org" && !strings.HasPrefix(m.text, "SKARPT LARM") || m.to == agreed.Email && !strings.HasPrefix(m.text, "REAL ALARM") {
				t.Error(m.text)
			}
			if m.to == agreed.Email && !strings.HasSuffix(m.text, "https://upprop.example.org/r/token-"+here.Short()) {
				t.Error("no link:", m.text)
			}
		}
		// Who is heard of later is told later; nobody twice, not after a cut either.
		w.comes(5, "North", record.Dossier{Phone: "0707777777", Notify: true})
		later(2 * time.Second)
		o.crash()
		later(5 * time.Minute)
		if o.post.count() != 4 {
			t.Error(o.post.to())
		}
		if got := o.Status().Evacuations; len(got) != 1 || got[0].Start != start || got[0].Sent != 4 || got[0].Drill {
			t.Errorf("%+v", got)
		}
		if c := w.claims[start]; len(c) != 2 || c[0].Done || !c[1].Done {
			t.Errorf("claims: %+v", c)
		}
		if o.inClear("arker") || o.inClear("7777777") {
			t.Error("an address lies in clear")
		}
		// A drill that becomes real is told anew.
		w.sound(2, o.id, true, "")
		later(2 * time.Second)
		if n := o.post.count(); n != 9 || !strings.HasPrefix(o.post.sent[n-1].text, "DRILL") && !strings.HasPrefix(o.post.sent[n-1].text, "ÖVNING") {
			t.Error(n)
		}
	})
}

func TestEndSilences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, true)
		defer func() { o.stop() }()
		o.post.fails = func(int, message) error { return &fault{why: whyUnreachable, channel: true} }
		left, erased := w.comes(1, "", agreed), w.comes(2, "", agreed)
		w.comes(3, "", agreed)
		start := w.sound(1, o.id, false, "")
		later(2 * time.Second)
		w.edit(func() { w.open[0].Left.At = record.HLCOf(time.Now()) })
		w.erase(erased)
		later(time.Minute)
		if got := o.Status(); got.Pending != 2 || got.Over != 2 {
			t.Errorf("%+v", got.Counts)
		}
		if _, ok := o.entries[idOf(AlarmKind, TextChannel, start[:], left[:])]; !ok {
			t.Error("who has left is not accounted for")
		}
		w.end(start)
		later(2 * time.Second)
		tries := len(o.post.tries)
		later(time.Hour)
		if got := o.Status(); got.Pending != 0 || got.Over != 4 || len(o.post.tries) != tries {
			t.Errorf("%+v", got.Counts)
		}
	})
}

// TestOneDeskSends: an alarm started at an entrance is told of by one of the
// desks, whichever is there.
func TestOneDeskSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		east, a, b := w.office(9, false), w.office(1, true), w.office(2, true)
		b.rank = 1
		defer func() { east.stop(); a.stop(); b.stop() }()
		w.comes(1, "", agreed)
		w.sound(1, east.id, false, "")
		later(settleFor - time.Second)
		if a.post.count()+b.post.count() != 0 {
			t.Error("a desk did not wait")
		}
		later(30 * time.Minute)
		if east.post.count() != 0 || a.post.count() != 2 || b.post.count() != 0 {
			t.Error(east.post.count(), a.post.count(), b.post.count())
		}
		// The desk that starts one itself does not wait, and none else sends.
		w.sound(2, b.id, true, "")
		later(30 * time.Minute)
		if a.post.count() != 2 || b.post.count() != 2 {
			t.Error(a.post.count(), b.post.count())
		}
		// One that cannot send leaves it to the next.
		if err := a.Change(func(s *Settings) error { s.SMTP, s.SMS = nil, nil; return nil }); err != nil {
			t.Fatal(err)
		}
		w.end(record.EvacID{1})
		w.end(record.EvacID{2})
		w.sound(3, a.id, false, "")
		later(30 * time.Minute)
		if a.post.count() != 2 || b.post.count() != 4 {
			t.Error(a.post.count(), b.post.count())
		}
	})
}

// TestTakenOver: who has said that it sends and is gone before it has is
// followed by another; when it comes back it leaves the rest to that one.
func TestTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		a, b := w.office(1, true), w.office(2, true)
		b.rank = 1
		defer func() { a.stop(); b.stop() }()
		a.post.fails = func(int, message) error { return &fault{why: whyUnreachable, channel: true} }
		w.comes(1, "", agreed)
		w.sound(1, a.id, false, "")
		later(20 * time.Second)
		if b.post.count() != 0 {
			t.Fatal("two send")
		}
		w.edit(func() { w.apart[a.id] = true })
		later(time.Minute)
		if b.post.count() != 2 {
			t.Fatal("nobody took over")
		}
		a.post.fails = nil
		w.edit(func() { w.apart[a.id] = false })
		later(30 * time.Minute)
		if a.post.count() != 0 || b.post.count() != 2 || a.Status().Handed != 2 {
			t.Error(a.post.count(), b.post.count(), a.Status().Counts)
		}
	})
}

func TestNobodyIsToldLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.comes(1, "", agreed)
		start := w.sound(1, record.NodeID{9}, false, "")
		later(2 * time.Hour)
		o := w.office(1, true)
		defer func() { o.stop() }()
		later(time.Minute)
		if o.post.count() != 0 || len(w.claims[start]) != 0 {
			t.Error("told of an alarm of two hours ago")
		}
	})
}

func TestHooksAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, false)
		defer func() { o.stop() }()
		if err := o.Change(func(s *Settings) error {
			s.Hooks = []Hook{{Name: "panel", URL: "https://example.org/h", Kind: Slack, Events: []string{EventArrived, EventStarted, EventEnded, EventCalled}}}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		v := o.arrives(1, Arrival{Name: "Astrid Marker", Host: "Sven"})
		start := w.sound(1, o.id, true, "North")
		later(2 * time.Second)
		w.end(start)
		later(2 * time.Second)
		for range 2 { // the same call is told of once
			o.Called("abcdefgh", record.Place{Site: "North", Entrance: "East gate"}, time.Now())
		}
		later(2 * time.Second)
		o.crash()
		later(time.Hour)
		var said []string
		for _, m := range o.post.sent {
			said = append(said, m.text)
			if strings.Contains(m.text+string(m.body), "arker") {
				t.Error("another system is told a name")
			}
		}
		if n := len(said); n == 4 && strings.Contains(said[3], "asked for help at East gate") {
			said = said[:3]
		} else {
			t.Error("a call for help is not told of once")
		}
		if len(said) != 3 || !strings.Contains(said[0]+said[1], v.Badge().String()) || !strings.Contains(said[0]+said[1], "DRILL started") || !strings.Contains(said[2], "DRILL ended") {
			t.Error(said)
		}
	})
}
