package crdt

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

const dayLong = 24 * time.Hour

func (c *campusOf) today() record.Day { return record.DayOf(c.clock()) }

func (m *member) write(t testing.TB, e record.Event) record.EventID {
	t.Helper()
	ids, err := m.Commit(context.Background(), Draft{Event: &e})
	if err != nil {
		t.Fatal(err)
	}
	return ids[0]
}

func (m *member) dropBefore(t testing.TB, day record.Day) {
	t.Helper()
	if err := m.DropBefore(context.Background(), day); err != nil {
		t.Fatal(err)
	}
}

// A feed cursor that was kept outlives the entries that it stood on.
func TestFeedGoesOnAfterEverythingWasDropped(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	for i := range 5 {
		a.arrive(t, someone(i))
		a.leave(t, someone(i))
	}
	read := a.End()
	c.advance(40 * dayLong)
	a.dropBefore(t, c.today()-30)
	a.crash(t)
	a.arrive(t, someone(9))
	changes, err := a.Feed(read, 100)
	if err != nil || len(changes) != 1 {
		t.Fatalf("%d changes after a cursor that was kept (%v)", len(changes), err)
	}
}

// Who was seen and never arrived, by what is known, stays on the list too.
func TestAnUnknownVisitOutlivesItsDay(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	a.write(t, record.Event{Kind: record.Moved, Visit: someone(1), Place: record.Place{Zone: "Lab"}})
	c.advance(40 * dayLong)
	a.dropBefore(t, c.today()-30)
	open := a.Open()
	if len(open) != 1 || open[0].State != record.Unknown || open[0].Seen.Place.Zone != "Lab" {
		t.Fatalf("%+v", open)
	}
}

// A departure outlives its day while an older node's carry-over of the visit
// does.
func TestACarriedVisitStaysLeft(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	pull(t, b, a)
	c.advance(25 * dayLong)
	a.leave(t, someone(1)) // b is cut off
	c.advance(6 * dayLong)
	b.dropBefore(t, c.today()-30) // and carries the visit over
	pull(t, a, b)
	pull(t, b, a)
	if len(a.Open())+len(b.Open()) != 0 {
		t.Fatal("the departure does not close the carried visit")
	}
	c.advance(25 * dayLong)
	for _, m := range []*member{a, b} {
		m.dropBefore(t, c.today()-30)
		if n := len(m.Open()); n != 0 {
			t.Fatalf("%s: the visit is open again when the day of its departure is dropped", m.name)
		}
	}
	pull(t, a, b)
	pull(t, b, a)
	if p, err := b.Presence(someone(1)); err != nil || p.State != record.Gone || p.Left.At.Time().After(c.clock().Add(-20*dayLong)) {
		t.Fatalf("%+v %v", p, err)
	}
}

// A correction outlives its day while the event that it voids does.
func TestAVoidedDepartureStaysVoid(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	c.advance(dayLong)
	left := a.write(t, record.Event{Kind: record.Left, Visit: someone(1)})
	c.advance(-10 * time.Hour) // b's clock is behind: its correction lies a day before
	pull(t, b, a)
	b.write(t, record.Event{Kind: record.Corrected, Visit: someone(1), Of: &left})
	pull(t, a, b)
	c.advance(10*time.Hour + 30*dayLong)
	a.dropBefore(t, c.today()-30)
	if n := len(a.Open()); n != 1 {
		t.Fatal("a person leaves the list because a day was dropped")
	}
}

func TestAnInterruptedDropIsFinished(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	a.arrive(t, someone(1))
	a.leave(t, someone(1))
	c.advance(40 * dayLong)
	to := c.today() - 30
	var b store.Batch // as a power cut leaves it after the first step
	b.Set(keyHorizon, []byte{0, 0, byte(to >> 8), byte(to)})
	if err := a.store.Apply(&b); err != nil {
		t.Fatal(err)
	}
	a.crash(t)
	a.dropBefore(t, to)
	if n := len(a.Digests()); n != 0 {
		t.Fatalf("%d documents are left", n)
	}
}

// What was on its way to the disk when its day was dropped does not come back.
func TestADropWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a := c.node("a")
		b, disk := c.inTrouble("b")
		a.arrive(t, someone(1))
		a.arrive(t, someone(2))
		a.leave(t, someone(2))
		c.advance(40 * dayLong)
		hold := make(chan struct{})
		disk.set(func() { disk.hold = hold })
		raws := missing(t, a, b)
		go func() {
			if _, err := b.Put(context.Background(), raws); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		disk.set(func() { disk.hold = nil })
		go func() {
			if err := b.DropBefore(context.Background(), c.today()-30); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		close(hold)
		synctest.Wait()
		for doc := range b.Digests() {
			if d, _ := record.ParseDocID(string(doc)); d.Day < c.today()-30 {
				t.Errorf("%s is listed after it was dropped", doc)
			}
		}
		if open := b.Open(); len(open) != 1 || open[0].Visit != someone(1) {
			t.Errorf("%+v", open)
		}
	})
}

// A clock far behind does not file what is acknowledged under a day that
// nobody takes any more.
func TestNothingIsFiledUnderADroppedDay(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	for _, m := range []*member{a, b} {
		m.dropBefore(t, c.today()-30)
	}
	c.advance(-50 * 365 * dayLong)
	a.arrive(t, someone(1))
	pull(t, b, a)
	same(t, a, b)
	if len(b.Open()) != 1 {
		t.Fatal("an acknowledged arrival reaches nobody")
	}
}

func TestAFullDiskCanBeEmptied(t *testing.T) {
	c := newTestCampus(t)
	a, disk := c.inTrouble("a")
	a.arrive(t, someone(1))
	a.leave(t, someone(1))
	c.advance(40 * dayLong)
	disk.set(func() { disk.full = true })
	a.dropBefore(t, c.today()-30)
	if n := len(a.Digests()); n != 0 {
		t.Fatalf("%d documents are left", n)
	}
}

// An editor whose appointment comes after its settings is heard then.
func TestSettingsThatCameBeforeTheirEditorsAppointment(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	_ = b.Close()
	var mu sync.Mutex
	may := false
	b.cfg.MayEdit = func(record.NodeID) bool {
		mu.Lock()
		defer mu.Unlock()
		return may
	}
	b.store = b.store.Reopen()
	b.open(t)
	for _, v := range []string{"one", "two"} {
		if _, err := a.Commit(context.Background(), Draft{Setting: &Setting{Key: "campus/name", Value: shape.String(v)}}); err != nil {
			t.Fatal(err)
		}
	}
	pull(t, b, a)
	if _, ok := b.Setting("campus/name"); ok {
		t.Fatal("taken from a node that may not edit")
	}
	mu.Lock()
	may = true
	mu.Unlock()
	pull(t, b, a)
	same(t, a, b)
	if s, _ := b.Setting("campus/name"); s.Value.String() != "two" {
		t.Fatal("the settings do not come when their editor is appointed")
	}
}

// What others would refuse for ever is not written in the first place.
func TestADraftThatOthersWouldRefuseIsRefused(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	long := make([]byte, 65)
	for _, d := range []Draft{
		{Event: &record.Event{Kind: record.Kind(long), Visit: someone(1)}},
		{Event: &record.Event{Kind: record.Arrived, Visit: someone(1), How: "\xff"}},
		{Event: &record.Event{Kind: record.Left, Badge: 1 << 35}},
		{Event: &record.Event{Kind: record.Arrived, Visit: someone(1), At: 1<<64 - 1}},
		{Sealed: []record.SealedEntry{{Kind: record.ContextPut, Context: long}}},
		{Sealed: []record.SealedEntry{{Kind: record.PartPut, Visit: someone(1), Audience: record.Audience(long)}}},
		{Setting: &Setting{Key: "campus/name", Value: shape.String("\xff")}},
	} {
		if _, err := a.Commit(context.Background(), d); !errors.Is(err, ErrDraft) {
			t.Errorf("%+v: %v", d, err)
		}
	}
	a.crash(t)
}

// A clock that runs ahead must not date what is known ahead.
func TestPositionIsDatedByTheWallClock(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	a.Clock().Observe(record.HLCOf(c.clock().Add(50 * time.Second)))
	at, _ := a.Position()
	if at.After(c.clock()) {
		t.Fatalf("complete as of %v in the future", at.Sub(c.clock()))
	}
	c.advance(-50 * time.Second)
	if again, _ := a.Position(); again.Before(at) {
		t.Fatal("the time of a position went back")
	}
}

// Many days go at once after a long closure. Nobody who checks in waits until the disk
// has taken them all.
func TestNobodyWaitsForDaysThatAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a, disk := c.inTrouble("a")
		defer func() { _ = a.Close() }()
		for i := range 3 {
			a.arrive(t, someone(i))
			a.leave(t, someone(i))
			c.advance(dayLong)
		}
		c.advance(40 * dayLong)
		hold := make(chan struct{})
		disk.mu.Lock()
		disk.hold = hold
		disk.mu.Unlock()
		done := make(chan error, 1)
		go func() { done <- a.DropBefore(t.Context(), c.today()-30) }()
		synctest.Wait()
		if len(done) > 0 {
			t.Fatal("the days are dropped before the disk has it")
		}
		free := a.writing.TryLock()
		if free {
			a.writing.Unlock()
		}
		close(hold)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !free {
			t.Error("nothing is taken down while the disk takes what is dropped")
		}
		if day, held := a.Oldest(); held && day < c.today()-30 {
			t.Error("held still:", day)
		}
	})
}
