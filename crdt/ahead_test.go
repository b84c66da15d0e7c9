package crdt

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const decades = 73 * 365 * dayLong

// wrong makes a node whose clock can be set ahead of the others'.
func (c *campusOf) wrong(name string) (m *member, ahead *atomic.Int64) {
	m = c.node(name)
	return m, m.goWrong(c.t)
}

// goWrong has a node start anew with such a clock.
func (m *member) goWrong(t testing.TB) (ahead *atomic.Int64) {
	ahead = new(atomic.Int64)
	_ = m.Close()
	right := m.cfg.Now
	m.cfg.RetainDays = 28
	m.cfg.Now = func() time.Time { return right().Add(time.Duration(ahead.Load())) }
	m.open(t)
	return ahead
}

func (m *member) noteAhead(t testing.TB, day record.Day) {
	t.Helper()
	if err := m.NoteAhead(day); err != nil {
		t.Fatal(err)
	}
}

func (m *member) lists(v record.VisitID) bool {
	p, err := m.Presence(v)
	return err == nil && p.Open()
}

// What a clock wrong by decades has filed counts, is dropped when the days on
// which it came are, takes nothing with it that must stay, and does not come
// back.
func TestDaysFarAheadAreDroppedInTheirTime(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	b := c.node("b")
	b.arrive(t, someone(1))
	b.arrive(t, someone(2))
	pull(t, a, b)
	ahead.Store(int64(decades))
	a.arrive(t, someone(3))
	a.leave(t, someone(1))
	a.arrive(t, someone(4))
	a.leave(t, someone(4))
	pull(t, b, a)
	if b.lists(someone(1)) || !b.lists(someone(2)) || !b.lists(someone(3)) || !covers(b, a) {
		t.Fatal("the word of a node whose clock is wrong does not count")
	}
	ahead.Store(int64(0))
	if drift := a.Clock().Now().Time().Sub(c.clock()); drift > time.Second {
		t.Fatalf("a clock that was put right still writes %v ahead", drift)
	}
	for _, m := range []*member{a, b} {
		m.noteAhead(t, c.today())
		if m.Ahead() == 0 {
			t.Fatal("nobody notes the days far ahead")
		}
	}
	later, _ := c.wrong("later")
	pull(t, later, a)
	for range 8 { // someone comes each few days, and b keeps them
		c.advance(4 * dayLong)
		b.arrive(t, someone(50+int(c.today()%7)))
		a.carry(t, c.today()-28, nil)
	}
	pull(t, a, b)
	pull(t, b, a)
	a.dropBefore(t, c.today()-32)
	b.dropBefore(t, c.today()-30)
	if !covers(b, a) {
		t.Error("a node is not complete any more for what it wrote by a wrong clock, carried over and old")
	}
	a.dropBefore(t, c.today()-30)
	for _, m := range []*member{a, b} {
		pull(t, m, later)
		m.crash(t)
		pull(t, m, later)
		if m.lists(someone(1)) || !m.lists(someone(2)) || !m.lists(someone(3)) || m.lists(someone(4)) {
			t.Errorf("%s: the list is another one than before", m.name)
		}
		for doc := range m.Digests() {
			if d, _ := record.ParseDocID(string(doc)); d.Day > c.today() {
				t.Errorf("%s still holds %s", m.name, doc)
			}
			if n := m.Ahead(); n != 0 {
				t.Errorf("%s counts %d documents ahead", m.name, n)
			}
		}
	}
	// The clock goes wrong in the same way again: nothing is filed where nobody
	// takes it.
	ahead.Store(int64(decades - 40*dayLong))
	a.arrive(t, someone(5))
	pull(t, b, a)
	if !b.lists(someone(5)) {
		t.Error("an arrival was filed where a document had been dropped")
	}
}

// A node that knows better than its clock files under the right day.
func TestFiledUnderTheRightDay(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	_ = a.Close()
	a.cfg.Now = func() time.Time { return c.clock().Add(decades) }
	a.cfg.Today = c.today
	a.open(t)
	b := c.node("b")
	a.arrive(t, someone(1))
	pull(t, b, a)
	for doc := range b.Digests() {
		if d, _ := record.ParseDocID(string(doc)); d.Day != c.today() {
			t.Errorf("filed under %s", doc)
		}
	}
	if !covers(b, a) {
		t.Error("a node whose clock is wrong is not complete")
	}
}

// A clock from before all that is kept files where others will take it, days
// later too.
func TestFiledUnderADayThatOthersKeep(t *testing.T) {
	c := newTestCampus(t)
	a, behind := c.wrong("a")
	b := c.node("b")
	for i := range 40 {
		c.advance(dayLong)
		b.arrive(t, someone(10+i))
	}
	pull(t, a, b)
	a.dropBefore(t, c.today()-30)
	behind.Store(int64(-decades / 2))
	a.arrive(t, someone(1))
	c.advance(20 * dayLong)
	b.dropBefore(t, c.today()-30)
	pull(t, b, a)
	if !b.lists(someone(1)) {
		t.Error("an arrival was filed under a day that others have dropped")
	}
}

// A shred that a clock far ahead has filed outlives its document, as others do,
// until the last date of the visit's keys.
func TestAShredFarAheadIsCarriedOver(t *testing.T) {
	c := newTestCampus(t)
	a := c.keeper("a")
	ahead := a.goWrong(t)
	v, until := someone(1), c.today()+60
	a.do(t, sealing(v, 1, until))
	ahead.Store(int64(decades))
	a.do(t, shredding(1, v))
	ahead.Store(0)
	a.settled(t)
	a.noteAhead(t, c.today())
	c.advance(40 * dayLong)
	a.dropBefore(t, c.today()-30)
	if n := a.Ahead(); n != 0 {
		t.Fatalf("%d documents ahead are still held", n)
	}
	b := c.keeper("b")
	pull(t, b.member, a.member)
	b.do(t, sealing(v, 2, until)) // by who hears of it from the carried act alone
	erased(t, b.member, v)
}

// Whoever notes a document far ahead later than others counts their day once
// it is told, and drops it with them; nobody's word makes it younger.
func TestDaysFarAheadCountSinceTheyWereFirstHeld(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	ahead.Store(int64(decades))
	id := a.arrive(t, someone(1)).Doc
	ahead.Store(0)
	first := c.today()
	c.advance(40 * dayLong)
	if err := a.HeldSince(map[record.DocID]record.Day{id: first}); err != nil || len(a.HeldAhead()) != 0 {
		t.Fatalf("another's word alone made a document old: %v", err)
	}
	a.noteAhead(t, c.today())
	a.arrive(t, someone(2))
	if a.Due(c.today() - 30) {
		t.Fatal("due on the day on which it was noted")
	}
	for _, day := range []record.Day{first, first + 20} {
		if err := a.HeldSince(map[record.DocID]record.Day{id: day, "day/20260101/0/South": day}); err != nil {
			t.Fatal(err)
		}
		a.crash(t)
		if got := a.HeldAhead(); len(got) != 1 || got[id] != first {
			t.Fatalf("held since %v, not since %v alone", got, first)
		}
	}
	if !a.Due(c.today() - 30) {
		t.Fatal("not due when it has been held for the retention")
	}
	a.dropBefore(t, c.today()-30)
	if a.Due(c.today()) || a.Ahead() != 0 || !a.lists(someone(1)) {
		t.Errorf("due %v, %d ahead, inside %v", a.Due(c.today()), a.Ahead(), a.lists(someone(1)))
	}
	if since, ok := a.FirstHeld(id); !ok || since != first {
		t.Error("those who still hold it cannot be told since when it was held")
	}
}

// A writer that has dropped its days far ahead is complete to who holds them
// still, also once it runs anew: else that one, who waits for what was carried
// over before it drops its own, would hold them for ever.
func TestAWriterThatDroppedDaysFarAheadIsComplete(t *testing.T) {
	c := newTestCampus(t)
	a, ahead := c.wrong("a")
	b := c.node("b")
	ahead.Store(int64(decades))
	a.arrive(t, someone(1))
	ahead.Store(0)
	a.noteAhead(t, c.today())
	pull(t, b, a)
	c.advance(40 * dayLong)
	a.dropBefore(t, c.today()-30)
	a.arrive(t, someone(2))
	if covers(b, a) {
		t.Error("complete without what was carried over")
	}
	pull(t, b, a)
	if a.Ahead() != 0 || !covers(b, a) {
		t.Errorf("%d ahead, complete %v", a.Ahead(), covers(b, a))
	}
	a.crash(t)
	if !covers(b, a) {
		t.Error("not complete any more after a new start")
	}
	a.arrive(t, someone(3))
	if covers(b, a) {
		t.Error("complete without what was written last")
	}
}

// A clock that was decades ahead gave a key a date that is as far off. What
// outranked it has gone with its day after a closure, and nobody has it any more:
// who comes later takes the entry all the same, and is complete.
func TestAKeyOfAClockFarAheadIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a := c.keeper("a")
		b := c.keeper("b")
		ahead := a.goWrong(t)
		v := someone(1)
		a.do(t, sealing(someone(2), 1, c.today()+30))
		ahead.Store(int64(decades))
		a.do(t, sealing(v, 1, record.DayOf(a.cfg.Now())+30))
		pull(t, b.member, a.member)
		ahead.Store(int64(0))
		a.do(t, sealing(v, 2, c.today()+30))
		pull(t, b.member, a.member)
		c.advance(35 * dayLong)
		for _, m := range []*keeper{a, b} {
			m.noteAhead(t, c.today())
			m.dropBefore(t, c.today()-30)
		}
		synctest.Wait()
		x := c.keeper("x")
		pull(t, x.member, b.member)
		same(t, x.member, b.member)
		_ = x.Close()
		_ = a.Close()
		_ = b.Close()
	})
}

// A clock that is decades behind does not make the date of a key that of a wrong
// one: its entry waits for the key.
func TestAClockBehindWaitsForKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a, b := c.keeper("a"), c.keeper("b")
		behind := b.goWrong(t)
		a.do(t, sealing(someone(1), 1, c.today()+30))
		pull(t, b.member, a.member)
		behind.Store(int64(-decades))
		b.writing.Lock()
		ok, err := b.superseded(card(someone(2)), rank{}, c.today()+30, false, nil)
		b.writing.Unlock()
		if ok || err != nil {
			t.Errorf("taken without its key: %v, %v", ok, err)
		}
		_ = a.Close()
		_ = b.Close()
	})
}
