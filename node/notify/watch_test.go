package notify

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// The reception is told once to look at the desk's page, in words that name
// nobody; not of somebody who has been erased, nor where no address is set.
func TestReceptionIsToldToLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, true)
		defer func() { o.stop() }()
		v := w.stays(1, "Sven Ask <sven@example.org>")
		at := record.Place{Site: "North", Entrance: "East gate"}
		tell := func(want bool) {
			t.Helper()
			if taken, err := o.Watch(v, at, time.Now()); taken != want || err != nil {
				t.Fatal(taken, err)
			}
		}
		tell(false)
		if err := o.Change(func(s *Settings) error {
			s.Reception, s.Link = "reception@example.org", "https://upprop.example.org"
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		tell(true)
		tell(true)
		later(time.Minute)
		if got := o.post.to(); len(got) != 1 || got[0] != "reception@example.org" {
			t.Fatal(got)
		}
		m := o.post.sent[0]
		for _, s := range []string{"East gate", "https://upprop.example.org/desk", "bevakningslistan", "watch list"} {
			if !strings.Contains(m.text, s) {
				t.Errorf("it does not say %q:\n%s", s, m.text)
			}
		}
		if strings.Contains(m.text+m.subject, "Sven") || strings.Contains(m.text, v.Badge().String()) {
			t.Error("it says whom it is about")
		}
	})
}

// The host of somebody who is asked to wait is not told that they are here.
func TestAHostIsNotToldOfWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, true)
		defer func() { o.stop() }()
		for n, quiet := range []bool{true, false} {
			v := w.comes(byte(n+1), "North", record.Dossier{})
			o.Announce(v, Arrival{Name: "Astrid Ek", Host: "sven@example.org", Quiet: quiet})(true)
			later(time.Minute)
			if got := o.post.count(); got != n {
				t.Errorf("quiet %v: %d letters", quiet, got)
			}
		}
	})
}
