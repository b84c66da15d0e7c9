package visits

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// looked are how many of those inside a text finds.
func (d *door) looked(text string, more ...string) (n int) {
	l := d.Look(text)
	for _, p := range d.replica.OpenNow() {
		if fits, _ := l.Fits(p, more...); fits {
			n++
		}
	}
	return n
}

// holds reports whether the memory of opened cards has a name anywhere.
func (d *door) holds(name record.Private) bool {
	for _, o := range d.cards.all() {
		if o.card.Name == name || found(Plain(name.Reveal()), o.plain, nil) {
			return true
		}
	}
	return false
}

func TestLook(t *testing.T) {
	d := newHouse(t).door("East")
	got := d.in(Arrival{Name: "Åsa-Lena Öberg", Company: "Ekström & Söner AB", Host: "Karin Lindqvist"})
	d.in(Arrival{Name: "Bo Falk"})
	badge := got.Visit.Badge().String()
	for text, want := range map[string]int{
		"oberg": 1, "ÖBERG": 1, "öberg": 1, "O\u0308berg": 1, "oberg soner": 1, "lindqvist åsa": 1, "falk": 1, "": 2,
		"oberg falk": 0, "nobody": 0, badge: 1, badge[:4]: 1, "oberg gate": 1, "gate": 2,
	} {
		if n := d.looked(text, "east gate"); n != want {
			t.Errorf("%q finds %d, not %d", text, n, want)
		}
	}
}

// reseal has the card of a visit say what another's says.
func (d *door) reseal(v, as record.VisitID) {
	d.t.Helper()
	part, err := d.replica.Sealed(record.PartKey{Visit: as, Audience: record.CardAudience})
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.replica.Commit(context.Background(), crdt.Draft{Sealed: []record.SealedEntry{
		{Kind: record.PartPut, Visit: v, Audience: record.CardAudience, Version: 2, Box: part.Box},
		{Kind: record.KeyPut, Visit: v, Audience: record.CardAudience, Version: 2, Box: part.Key},
	}}); err != nil {
		d.t.Fatal(err)
	}
}

// What was corrected a moment ago is found, what it was is not, and nobody else's
// card is opened again or asked the disk about.
func TestLookOpensWhatHasChanged(t *testing.T) {
	d := newHouse(t).door("East")
	r := &asked{Replica: d.cfg.Replica}
	d.cfg.Replica = r
	was, is := d.in(Arrival{Name: "Astrid Holm"}), d.in(Arrival{Name: "Astrid Eek"})
	for range 50 {
		d.in(Arrival{Name: "Bo Falk"})
	}
	if d.looked("astrid") != 2 || d.vault.opened != 52 {
		t.Fatal("the first look:", d.vault.opened)
	}
	r.n = 0
	if d.looked("astrid") != 2 || d.vault.opened != 52 || r.n != 0 {
		t.Errorf("a second look opened %d, and read the disk %d times", d.vault.opened-52, r.n)
	}
	d.reseal(was.Visit, is.Visit)
	if n := d.looked("astrid holm"); n != 0 || d.looked("astrid eek") != 2 || d.holds("Astrid Holm") {
		t.Errorf("after the correction %d have the name that was", n)
	}
	if d.vault.opened != 53 || r.n > 4 {
		t.Errorf("for one that was corrected %d were opened, and the disk read %d times", d.vault.opened-52, r.n)
	}
}

// asked counts how often what stands is read off the disk.
type asked struct {
	Replica
	n int
}

func (r *asked) Standing(k record.PartKey) (string, error) {
	r.n++
	return r.Replica.Standing(k)
}

// Nothing of somebody who has been erased or restricted is found, or stays in
// memory once anybody has looked.
func TestLookFindsNobodyErased(t *testing.T) {
	for _, what := range []string{"erased", "restricted"} {
		d := newHouse(t).door("East")
		got := d.in(Arrival{Name: "Astrid Ek"})
		d.in(Arrival{Name: "Bo Falk"})
		if d.looked("astrid") != 1 || !d.holds("Astrid Ek") {
			t.Fatal(what, "is not found before")
		}
		if what == "erased" {
			act := record.Act{Kind: record.ActShred, Visits: []record.VisitID{got.Visit}, Erasure: record.ErasureID{1}}
			if _, err := d.replica.Commit(t.Context(), crdt.Draft{Acts: []record.Act{act}}); err != nil {
				t.Fatal(err)
			}
		} else {
			d.restrict(got.Visit, record.CaseID{1})
		}
		// Also where nobody looks any more.
		d.forgetGone()
		if d.holds("Astrid Ek") {
			t.Error(what, "and in memory")
		}
		if d.looked("astrid") != 0 || d.looked("bo") != 1 || d.holds("Astrid Ek") {
			t.Error(what, "and found, or in memory")
		}
		if d.looked(got.Visit.Badge().String()) != 1 {
			t.Error(what, "and not found by the badge")
		}
	}
}

// Where this node may not open cards any more, nobody is found by name.
func TestLookEndsWithTheKeys(t *testing.T) {
	for what, shut := range map[string]error{"names are locked": ErrLocked, "its key is gone": ErrNotForUs, "its date has come": errors.New("expired")} {
		d := newHouse(t).door("East")
		d.in(Arrival{Name: "Astrid Ek"})
		if d.looked("astrid") != 1 {
			t.Fatal(what)
		}
		d.vault.edit(func() { d.vault.shut = shut })
		if d.looked("astrid") != 0 || d.holds("Astrid Ek") {
			t.Error(what, "and she is found, or in memory")
		}
	}
	d := newHouse(t).door("East")
	d.in(Arrival{Name: "Astrid Ek"})
	d.looked("astrid")
	d.cfg.Access = func() Access { return Access{} }
	if d.looked("astrid") != 0 || d.holds("Astrid Ek") {
		t.Error("this node has been revoked, and she is found, or in memory")
	}
}

// Cards are opened ahead when that is asked for, unless an evacuation runs or is
// what they are opened for; and forgotten when nobody asks for any.
func TestWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newHouse(t).door("East")
		for range 3 * warmed {
			d.in(Arrival{Name: "Bo Falk"})
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		warm := func() int {
			d.Forget()
			d.Warm()
			time.Sleep(time.Second)
			synctest.Wait()
			return len(d.cards.all())
		}
		if n := warm(); n != 3*warmed {
			t.Errorf("%d of %d are opened ahead", n, 3*warmed)
		}
		opened := d.vault.opened
		if d.looked("falk") != 3*warmed || d.vault.opened != opened {
			t.Error("the first search opened them again")
		}
		d.Warm() // and the last one signs out
		d.Forget()
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(d.cards.all()); n != 0 {
			t.Errorf("%d are opened ahead for nobody", n)
		}
		d.looked("falk")
		time.Sleep(disused * time.Minute / 2)
		d.looked("falk")
		time.Sleep(disused * time.Minute / 2)
		synctest.Wait()
		if len(d.cards.all()) == 0 {
			t.Error("forgotten while they are used")
		}
		time.Sleep((disused + 1) * time.Minute)
		synctest.Wait()
		if n := len(d.cards.all()); n != 0 {
			t.Errorf("%d are in memory after half an hour without a look", n)
		}
		event := record.Event{Kind: record.EvacStarted, Evac: record.EvacID{1}}
		if _, err := d.replica.Commit(t.Context(), crdt.Draft{Event: &event}); err != nil {
			t.Fatal(err)
		}
		if n := warm(); n != 0 {
			t.Errorf("%d are opened ahead while an evacuation runs", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Who sees names in an evacuation alone opens none ahead.
func TestWarmIsForDesks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newHouse(t).door("East")
		d.in(Arrival{Name: "Bo Falk"})
		d.cfg.Access = func() Access { return Access{Card: func(record.SiteID) bool { return true }, Waits: true} }
		done := make(chan struct{})
		go d.warmUp(t.Context(), 0, done)
		<-done
		if d.vault.opened != 0 {
			t.Error("a warden's handheld opened cards ahead")
		}
	})
}
