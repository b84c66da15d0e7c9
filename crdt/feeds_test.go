package crdt

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// feeds writes that a feed was heard.
func (m *member) feeds(t testing.TB, name string, heard time.Time) record.EventID {
	t.Helper()
	e := record.Event{Kind: record.Fed, Feed: record.FeedName(name), Quiet: 60, Place: record.Place{Site: "North"}}
	if !heard.IsZero() {
		e.Since = record.HLCOf(heard)
	}
	return m.write(t, e)
}

// rows is how many rows an index has.
func (m *member) rows(t testing.TB, prefix byte) (n int) {
	t.Helper()
	lo, hi := store.Prefix([]byte{prefix})
	if err := m.store.Scan(lo, hi, func(_, _ []byte) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func (m *member) knows(t testing.TB, want string) {
	t.Helper()
	got := ""
	for _, f := range m.Feeds() {
		heard := "never"
		if f.Heard != 0 {
			heard = f.Heard.Time().Format("2 15:04")
		}
		got += fmt.Sprintf("%s %s;", f.Name, heard)
	}
	if got != want {
		t.Errorf("%s knows %q, want %q", m.name, got, want)
	}
}

// What feeds staff in is known after a restart and at other nodes, and forgotten
// with its day.
func TestFeedsAreKnownEverywhere(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.write(t, record.Event{Kind: record.Fed, Feed: "Access", Quiet: 60, Since: record.HLCOf(c.clock()), Place: record.Place{Site: "North"}})
	pull(t, b, a)
	b.crash(t)
	for _, m := range []*member{a, b} {
		f := m.Feeds()
		if len(f) != 1 || f[0].Name != "Access" || f[0].Quiet != time.Hour || f[0].Heard != record.HLCOf(c.clock()) {
			t.Fatalf("%s: %+v", m.name, f)
		}
	}
	c.advance(31 * dayLong)
	b.dropBefore(t, c.today()-30)
	if f := b.Feeds(); len(f) != 0 {
		t.Errorf("known for ever: %+v", f)
	}
	if n := b.rows(t, keyFed); n != 0 {
		t.Errorf("%d rows are kept for ever", n)
	}
}

// Feeds are told of all the time: that fills no index, least of all that of
// evacuations.
func TestFeedsFillNoIndex(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.alarm(t, 1, false)
	for range 50 {
		c.advance(time.Minute)
		a.feeds(t, "Access", c.clock())
		b.feeds(t, "Doors", c.clock())
	}
	// Several in one commit, and one that tells of no later time.
	a.do(t, Draft{Event: &record.Event{Kind: record.Fed, Feed: "Access", Quiet: 60}}, Draft{Event: &record.Event{Kind: record.Fed, Feed: "Gate", Quiet: 60}},
		Draft{Event: &record.Event{Kind: record.Fed, Feed: "Gate"}}, Draft{Event: &record.Event{Kind: record.Fed, Feed: "a/b", Quiet: 60}})
	pull(t, a, b)
	pull(t, b, a)
	for range 2 {
		for _, m := range []*member{a, b} {
			m.knows(t, "Access 22 09:50;Doors 22 09:50;")
			if e, f := m.rows(t, keyEvac), m.rows(t, keyFed); e != 1 || f != 3 {
				t.Errorf("%s: %d rows of evacuations, %d of feeds", m.name, e, f)
			}
			if _, on := m.Evacuations().Running(""); !on {
				t.Error("the alarm is gone")
			}
			m.crash(t)
		}
	}
}

// Each day goes by itself.
func TestADroppedDayTakesItsWordOnFeeds(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.feeds(t, "Access", c.clock())
	a.feeds(t, "Gone", c.clock())
	c.advance(dayLong)
	a.feeds(t, "Access", time.Time{}) // heard no more
	a.feeds(t, "New", time.Time{})
	pull(t, b, a)
	b.knows(t, "Access 22 09:00;Gone 22 09:00;New never;")
	c.advance(30 * dayLong)
	b.dropBefore(t, c.today()-30)
	b.knows(t, "Access never;New never;")
	b.crash(t)
	b.knows(t, "Access never;New never;")
}

// What a node told before its revocation counts, and nothing that it told
// after.
func TestARevokedNodesWordOnFeeds(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	var last uint64
	_ = b.Close()
	b.cfg.Standing = func(id record.EventID) record.Standing {
		if last > 0 && id.Actor.Node() == a.cfg.Node && id.Seq > last {
			return record.Late
		}
		return record.Counted
	}
	b.store = b.store.Reopen()
	b.open(t)
	a.feeds(t, "Access", c.clock())
	counts := a.feeds(t, "Doors", c.clock()).Seq
	c.advance(time.Hour)
	a.feeds(t, "Access", c.clock())
	a.write(t, record.Event{Kind: record.Fed, Feed: "Doors"}) // it is over
	a.feeds(t, "Evil", c.clock())
	pull(t, b, a)
	b.knows(t, "Access 22 10:00;Evil 22 10:00;")
	last = counts
	if err := b.Rejudge(); err != nil {
		t.Fatal(err)
	}
	b.knows(t, "Access 22 09:00;Doors 22 09:00;")
	c.advance(time.Hour)
	a.feeds(t, "Access", c.clock())
	pull(t, b, a)
	b.crash(t)
	b.knows(t, "Access 22 09:00;Doors 22 09:00;")
}

// An earlier release kept feeds among evacuations.
func TestFeedsAreMovedToTheirIndex(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	a.alarm(t, 1, false)
	var b store.Batch
	lo, hi := store.Prefix([]byte{keyFed})
	for i := range 3 * maxGroup {
		c.advance(time.Second)
		e := record.Event{Kind: record.Fed, Feed: "Access", Quiet: 60, Since: record.HLCOf(c.clock()), At: record.HLCOf(c.clock()), Place: record.Place{Site: "North"}}
		if i%3 == 0 {
			e.Feed = "Doors"
		}
		b.Set(evacKey(a.write(t, e)), codec.EncodeEvent(e))
	}
	want := a.Feeds()
	b.DeleteRange(lo, hi)
	if err := a.store.Apply(&b); err != nil {
		t.Fatal(err)
	}
	a.crash(t)
	if d := cmp.Diff(want, a.Feeds()); d != "" || len(want) != 2 {
		t.Error(len(want), d)
	}
	if e, f := a.rows(t, keyEvac), a.rows(t, keyFed); e != 1 || f != 2 {
		t.Errorf("%d rows of evacuations, %d of feeds", e, f)
	}
}
