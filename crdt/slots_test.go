package crdt

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// starts has a node start anew and take somebody in, n times.
func (m *member) starts(c *campusOf, first, n int) {
	for i := range n {
		c.advance(time.Second)
		_ = m.Close()
		m.open(c.t)
		m.arrive(c.t, someone(first+i))
	}
}

const tooMany = "more documents than a node writes"

// An author that fills a replica with slots is taken up to a bound, and nobody
// else is worse off.
func TestAnAuthorsSlotsAreBounded(t *testing.T) {
	c := newTestCampus(t)
	crowd, east, west := c.node("crowd"), c.node("east"), c.node("west")
	east.maxSlots = 10
	crowd.starts(c, 0, 15)
	pull(t, east, crowd)
	if n := len(east.Open()); n != 10 {
		t.Fatalf("%d of 15 slots are taken, want 10", n)
	}
	if n := east.Refused()[crowd.cfg.Node][tooMany]; n != 5 {
		t.Fatalf("%d are refused, want 5", n)
	}
	doc := record.Doc{Kind: record.DocDay, Day: record.DayOf(c.clock()), Site: "North"}.ID()
	if east.Takes(doc, crowd.Actor()) || !east.Takes(doc, west.Actor()) || !east.Takes("campus/2026", crowd.Actor()) {
		t.Fatal("what is refused is asked for, or what is taken is not")
	}
	west.arrive(t, someone(100))
	pull(t, east, west)
	east.starts(c, 200, 12) // its own are bounded by nobody
	east.maxSlots = 10
	if n := len(east.Open()); n != 23 {
		t.Fatalf("%d are inside, want 23", n)
	}
	if n := east.slots[crowd.cfg.Node]; n != 10 {
		t.Fatalf("%d slots are counted after a start, want 10", n)
	}
	// Once their days are dropped there is room again, for what was refused too.
	c.advance(70 * 24 * time.Hour)
	crowd.starts(c, 300, 1)
	pull(t, east, crowd)
	if _, err := east.Presence(someone(300)); err == nil {
		t.Fatal("a slot too many was taken")
	}
	if err := east.DropBefore(context.Background(), record.DayOf(c.clock())-30); err != nil {
		t.Fatal(err)
	}
	pull(t, east, crowd)
	if _, err := east.Presence(someone(300)); err != nil {
		t.Fatal("the day after: ", err)
	}
}

// What is held goes on, at the bound too.
func TestAHeldSlotGoesOn(t *testing.T) {
	c := newTestCampus(t)
	west, east := c.node("west"), c.node("east")
	east.maxSlots = 1
	for i := range 3 {
		west.arrive(t, someone(i))
		pull(t, east, west)
	}
	same(t, east, west)
}

// A member that signs what is malformed in one document after the other fills
// nobody's memory, and is refused all the same.
func TestBlockedSlotsAreBounded(t *testing.T) {
	c := newTestCampus(t)
	r, wrong := c.node("east"), c.node("west").Actor()
	for i := range maxBlocked + 10 {
		r.writing.Lock()
		err := r.block(slot{record.DocID(fmt.Sprint(i)), wrong}, "event")
		r.writing.Unlock()
		if !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
	}
	if n := len(r.blocked); n != maxBlocked {
		t.Fatalf("%d are remembered, want %d", n, maxBlocked)
	}
	if n := r.Refused()[wrong.Node()]["event"]; n != maxBlocked+10 {
		t.Fatalf("%d are refused, want %d", n, maxBlocked+10)
	}
}
