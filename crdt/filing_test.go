package crdt

import (
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// What a clock from before the campus was files is not dropped by all others
// unread, nor by its own node when the clock is right again: not before
// anything has been dropped either, as in a campus's first minutes.
func TestClockFromBeforeTheCampus(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	b := c.node("b")
	b.arrive(t, someone(1))
	pull(t, a, b)
	ahead.Store(int64(-56 * 365 * dayLong))
	if got := a.FilingDay(); got != c.today() {
		t.Errorf("what is written now is filed under %s", got)
	}
	act := Draft{Acts: []record.Act{{Kind: record.ActAudit, By: "x", What: "y"}}}
	a.leave(t, someone(1))
	if _, err := a.Commit(context.Background(), act, act, act); err != nil {
		t.Fatal(err)
	}
	b.dropBefore(t, c.today()-30)
	pull(t, b, a)
	ahead.Store(int64(0))
	a.dropBefore(t, c.today()-30)
	for _, m := range []*member{a, b} {
		n := 0
		if err := m.ReadActs(func(s StoredActs) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		if n != 3 || m.lists(someone(1)) {
			t.Errorf("%s holds %d of 3 acts; somebody who left is listed: %v", m.name, n, m.lists(someone(1)))
		}
	}
}

// After a closure of weeks the others have dropped what is from before it when
// a clock jumps back at a node that has not yet: it files where they still take it.
func TestClockThatJumpsBackAfterAClosure(t *testing.T) {
	for name, dropped := range map[string]bool{"nothing was ever dropped": false, "days were dropped before": true} {
		t.Run(name, func(t *testing.T) {
			c := newTestCampus(t)
			a, ahead := c.wrong("a")
			b := c.node("b")
			a.arrive(t, someone(1))
			pull(t, b, a)
			if dropped {
				a.dropBefore(t, c.today()-30)
			}
			c.advance(150 * dayLong)
			b.arrive(t, someone(2))
			pull(t, a, b)
			b.dropBefore(t, c.today()-30)
			ahead.Store(int64(-365 * dayLong))
			a.arrive(t, someone(3))
			pull(t, b, a)
			if !b.lists(someone(3)) {
				t.Errorf("filed under %s: somebody who is inside is listed nowhere else", a.FilingDay())
			}
		})
	}
}

// A campus founded by a clock ahead goes on under the right days once that is
// noted.
func TestCampusFoundedAhead(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	ahead.Store(int64(decades))
	a.arrive(t, someone(1))
	ahead.Store(int64(0))
	a.noteAhead(t, c.today())
	if got := a.FilingDay(); got != c.today() {
		t.Errorf("what is written now is filed under %s", got)
	}
	// A clock a day behind is no reason to file elsewhere.
	a.arrive(t, someone(2))
	ahead.Store(int64(-dayLong))
	if got := a.FilingDay(); got != c.today()-1 {
		t.Errorf("what is written by a clock a day behind is filed under %s", got)
	}
}

// What came of a clock far ahead is not old because somebody whose clock is
// from before the campus, and borne out by another such, noted it.
func TestNotedByClockFromBefore(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	b := c.node("b")
	b.arrive(t, someone(1))
	ahead.Store(int64(decades))
	a.arrive(t, someone(2))
	ahead.Store(int64(0))
	pull(t, b, a)
	b.dropBefore(t, c.today()-30)
	b.noteAhead(t, c.today()-56*365)
	b.noteAhead(t, c.today())
	c.advance(dayLong)
	b.dropBefore(t, c.today()-30)
	if b.Ahead() != 1 || len(b.Digests()) != 2 {
		t.Errorf("%d documents are held, %d of them ahead", len(b.Digests()), b.Ahead())
	}
}

// What a device marked before it heard that its clock was behind does not go with
// the day under which it was filed, nor does what takes a mark back; what was
// marked in an earlier life, on that day, does.
func TestMarksMadeByAClockBehindStay(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	b := c.node("b")
	mark := func(m record.Mark) record.EventID {
		return a.write(t, record.Event{Kind: record.Marked, Visit: someone(1), Mark: m, Starts: []record.EvacID{{1}}})
	}
	a.arrive(t, someone(1))
	a.alarm(t, 1, false)
	mark(record.Safe)
	_ = a.Close()
	a.open(t)
	c.advance(40 * dayLong)
	ahead.Store(int64(-40 * dayLong))
	mark(record.Inside)
	wrong := mark(record.Refuge)
	a.write(t, record.Event{Kind: record.Corrected, Visit: someone(1), Of: &wrong})
	ahead.Store(0)
	// The power goes before the correction is written anew.
	events, err := a.Evidence(someone(1).Badge())
	if err != nil {
		t.Fatal(err)
	}
	marks, told := a.freshMarks(events, func(record.EventID) bool { return false }, 0, func(record.VisitID) bool { return true })
	if err := a.carryMarks(context.Background(), marks[:2], told); len(marks) != 3 || err != nil {
		t.Fatalf("%d are fresh; %v", len(marks), err)
	}
	for range 2 {
		a.dropBefore(t, c.today()-30)
		pull(t, b, a)
		same(t, a, b)
		p, err := b.Presence(someone(1))
		if err != nil || len(p.Marks) != 1 || p.Marks[0].Mark != record.Inside {
			t.Fatalf("marked: %+v, %v", p.Marks, err)
		}
	}
}

// A mark is written anew with a visit that is told of otherwise, also where it was
// made by the badge's code alone; of who is gone with the day it is not.
func TestMarksGoWithWhatElseIsTold(t *testing.T) {
	came := func(n int) record.Stated {
		return record.Stated{ID: record.EventID{Seq: uint64(n)}, Event: record.Event{Kind: record.Arrived, Visit: someone(n), At: record.HLC(n)}}
	}
	left := func(n int) record.Stated {
		return record.Stated{ID: record.EventID{Seq: 100 + uint64(n)}, Event: record.Event{Kind: record.Left, Visit: someone(n), At: 100 + record.HLC(n)}}
	}
	goes, stays := func(record.EventID) bool { return false }, func(record.EventID) bool { return true }
	for name, c := range map[string]struct {
		events []record.Stated
		gone   []Draft
		stays  func(record.EventID) bool
		want   bool
	}{
		"inside":                {[]record.Stated{came(1)}, nil, goes, true},
		"gone with the day":     {[]record.Stated{came(1), left(1)}, nil, goes, false},
		"gone, and told anew":   {[]record.Stated{came(1), left(1)}, []Draft{{Event: &record.Event{Visit: someone(1)}}}, goes, true},
		"gone, and on record":   {[]record.Stated{came(1), left(1)}, nil, stays, true},
		"settled by the others": {nil, nil, goes, false},
	} {
		told := alsoTold(c.events, c.gone, c.stays)
		if told(someone(1)) != c.want || told(record.VisitID{}) != c.want || told(someone(2)) {
			t.Errorf("%s: %v, by code %v, somebody else %v", name, told(someone(1)), told(record.VisitID{}), told(someone(2)))
		}
	}
}
