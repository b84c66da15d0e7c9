package visits

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// warden makes a door a warden's: cards while an evacuation covers a site.
func (d *door) warden(opened func([]record.VisitID)) {
	d.cfg.Opened = opened
	d.cfg.Access = func() Access {
		e, on := d.replica.Evacuations().Running("")
		if !on {
			return Access{Waits: true}
		}
		return Access{Waits: true, Evacuation: e.ID, Card: e.Covers}
	}
}

func (d *door) write(e record.Event) {
	d.t.Helper()
	if _, err := d.replica.Commit(context.Background(), crdt.Draft{Event: &e}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *door) alarm(id byte, site record.SiteID) {
	d.write(record.Event{Kind: record.EvacStarted, Evac: record.EvacID{id}, Scope: site})
}

func (d *door) over(ids ...byte) {
	e := record.Event{Kind: record.EvacEnded, Reason: "all out"}
	for _, id := range ids {
		e.Starts = append(e.Starts, record.EvacID{id})
	}
	d.write(e)
}

func TestNamesDuringAnEvacuationOnly(t *testing.T) {
	d := newHouse(t).door("East")
	d.warden(nil)
	got := d.in(Arrival{Name: "Astrid Ek"})
	hidden := func(when string) {
		t.Helper()
		if _, err := d.Card(got.Visit); !errors.Is(err, ErrNotNow) {
			t.Fatalf("%s: %v", when, err)
		}
		if rows := d.list(true); len(rows) != 1 || rows[0].Card != nil {
			t.Fatalf("%s: the list has the name, or nobody", when)
		}
		if len(d.cards.open) != 0 {
			t.Fatalf("%s: a card is in memory", when)
		}
	}
	hidden("at rest")
	d.alarm(1, "South")
	hidden("elsewhere")
	d.alarm(2, "North")
	if c, err := d.Card(got.Visit); err != nil || c.Name != "Astrid Ek" || d.list(true)[0].Card == nil {
		t.Fatal("in the evacuation:", err)
	}
	d.over(2)
	hidden("when it is over here")
	d.over(1)
	hidden("when all is over")
	if _, err := d.Dossier(got.Visit); !errors.Is(err, ErrNotForUs) {
		t.Fatal("a dossier:", err)
	}
	d.cfg.Access = func() Access { return Access{} }
	if _, err := d.Card(got.Visit); !errors.Is(err, ErrNotForUs) {
		t.Fatal("an entrance:", err)
	}
}

// Each opening is told once for each evacuation, in batches; the list does not
// wait for who is told; and cards are gone from memory when it ends, though
// nobody looks.
func TestOpeningsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newHouse(t).door("East")
		var mu sync.Mutex
		var told [][]record.VisitID
		hold := make(chan struct{})
		d.warden(func(v []record.VisitID) {
			<-hold
			mu.Lock()
			defer mu.Unlock()
			told = append(told, v)
		})
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		var all []record.VisitID
		for range 3 {
			all = append(all, d.in(Arrival{Name: "Astrid Ek"}).Visit)
		}
		slices.SortFunc(all, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) })
		d.alarm(1, "")
		for range 3 {
			d.list(true)
		}
		time.Sleep(2 * gathering)
		d.list(true) // while Opened blocks
		close(hold)
		synctest.Wait()
		want := func(n int) {
			t.Helper()
			mu.Lock()
			defer mu.Unlock()
			if len(told) != n {
				t.Fatalf("told %d times, want %d", len(told), n)
			}
			for _, batch := range told {
				if !slices.Equal(batch, all) {
					t.Fatalf("told of %v, want %v", batch, all)
				}
			}
		}
		want(1)
		d.over(1)
		synctest.Wait()
		if len(d.cards.open) != 0 {
			t.Fatal("cards are in memory after the evacuation")
		}
		d.alarm(2, "")
		d.list(true)
		time.Sleep(2 * gathering)
		want(2)
		d.over(2)
		d.alarm(3, "")
		d.list(true)
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want(3)
		_ = d.replica.Close()
	})
}
