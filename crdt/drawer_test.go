package crdt

import (
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// Where a clock that stood still has filed what was done in this life of a node since
// it last heard the others, it does not go with that day: departures, of a visit that
// the others have known and by a code that nobody here knows, and an evacuation that is
// over. What was done in an earlier life on that day goes, and nothing is told twice.
func TestWhatAClockBehindFiledStays(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	b := c.node("b")
	b.arrive(t, someone(1))
	pull(t, a, b)
	a.arrive(t, someone(4))
	a.leave(t, someone(4))
	a.alarm(t, 1, true)
	a.allClear(t)
	_ = a.Close()
	a.open(t)
	c.advance(40 * dayLong)
	b.arrive(t, someone(5))
	pull(t, a, b)
	ahead.Store(int64(-40 * dayLong))
	since := a.End()
	a.leave(t, someone(1))
	a.write(t, record.Event{Kind: record.Left, Badge: someone(2).Badge()})
	a.write(t, record.Event{Kind: record.Left, Badge: someone(5).Badge()})
	a.arrive(t, someone(3))
	a.leave(t, someone(3))
	a.alarm(t, 2, true)
	a.allClear(t)
	ahead.Store(0)
	was := a.Evacuations()[1]
	for range 2 {
		if err := a.CarrySettled(context.Background(), c.today()-28, Elsewhere{Since: since}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := a.DropSettled(context.Background(), c.today()-28, Elsewhere{Since: since}); err != nil {
			t.Fatal(err)
		}
		b.dropBefore(t, c.today()-28)
		for _, raw := range missing(t, a, b) {
			if _, err := b.Put(context.Background(), [][]byte{raw}); err != nil {
				t.Fatal(err)
			}
			if _, on := b.Evacuations().Running(""); on {
				t.Fatal("what is over runs for a moment")
			}
			if b.lists(someone(3)) {
				t.Fatal("who has left is listed for a moment")
			}
		}
		pull(t, a, b)
		same(t, a, b)
		for n, want := range map[int]int{1: 1, 2: 1, 3: 1, 4: 0, 5: 1} {
			events, err := b.Evidence(someone(n).Badge())
			left := 0
			for _, s := range events {
				if s.Event.Kind == record.Left {
					left++
				}
			}
			if err != nil || left != want {
				t.Errorf("of visit %d %d departures are told, not %d; %v", n, left, want, err)
			}
		}
		all := b.Evacuations()
		if len(all) != 1 || all[0].ID != was.ID || all[0].At != was.At || all[0].Ended != was.Ended || all[0].Reason != was.Reason || !all[0].Drill {
			t.Errorf("of %+v is told %+v", was, all)
		}
	}
}

// A node's receipt is on record for as long as the shred is, whether its day goes
// with that of the shred or before, and whoever gave it.
func TestReceiptsStayAsLongAsTheirShreds(t *testing.T) {
	for name, behind := range map[string]bool{"of the same day": false, "by a clock that stood still": true} {
		t.Run(name, func(t *testing.T) {
			c := newTestCampus(t)
			desk, gate := c.keeper("desk"), c.keeper("gate")
			ahead := gate.goWrong(t)
			may := func(n record.NodeID) bool { return n == desk.cfg.Node }
			desk.cfg.MayEdit, gate.cfg.MayEdit = may, may
			desk.crash(t)
			gate.crash(t)
			v, until := someone(1), c.today()+80
			desk.do(t, sealing(v, 1, until))
			pull(t, gate.member, desk.member)
			c.advance(40 * dayLong)
			if behind {
				ahead.Store(int64(-40 * dayLong))
			}
			desk.do(t, shredding(1, v))
			pull(t, gate.member, desk.member)
			gate.settled(t)
			ahead.Store(0)
			if !behind {
				c.advance(35 * dayLong)
			}
			for range 2 {
				gate.dropBefore(t, c.today()-30)
				desk.dropBefore(t, c.today()-30)
				pull(t, desk.member, gate.member)
				pull(t, gate.member, desk.member)
			}
			at, err := desk.Receipts(v)
			if err != nil || at[gate.cfg.Node] == 0 {
				t.Errorf("the gate's receipt is not on record: %v, %v", at, err)
			}
			c.advance(60 * dayLong)
			desk.dropBefore(t, c.today()-30)
			if at, err := desk.Receipts(v); err != nil || len(at) > 0 {
				t.Errorf("receipts stay for ever: %v, %v", at, err)
			}
		})
	}
}
