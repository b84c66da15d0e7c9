package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/memnet"
)

func TestTheCalendarFollowsMostClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead time.Duration
		now := func() time.Time { return time.Now().Add(ahead) }
		peers := func(offs ...time.Duration) (out []mesh.NodeNews) {
			for _, off := range offs {
				out = append(out, mesh.NodeNews{News: beat.News{Direct: true, LastHeard: now(), ClockOffset: off}})
			}
			return out
		}
		const age = 73 * 365 * 24 * time.Hour
		c := &calendar{now: now}
		want := func(when string, day record.Day) {
			t.Helper()
			if got := c.today(); got != day {
				t.Errorf("%s: %v, not %v", when, got, day)
			}
		}
		right := func() record.Day { return record.DayOf(time.Now()) }
		ahead = age
		want("nobody heard", record.DayOf(now()))
		c.hear(peers(-age), now())
		want("one against one", record.DayOf(now()))
		c.hear(peers(-age, 0), now())
		want("two wrong, one right", record.DayOf(now()))
		if got := c.ahead(now()); got != 0 {
			t.Errorf("while nobody can tell, the campus is %v ahead", got)
		}
		c.hear(peers(-age, -age), now())
		want("two against it", right())
		if got := c.ahead(now()); got != -age {
			t.Errorf("the campus is %v ahead, not %v", got, -age)
		}
		for _, x := range seenBy(peers(-age, time.Minute-age), c.ahead(now())) {
			if at := now().Add(-age); !x.LastHeard.Equal(at) || x.ClockOffset < 0 || x.ClockOffset > time.Minute {
				t.Errorf("by the campus's clock one that is right is %v off and was heard at %v, not %v", x.ClockOffset, x.LastHeard, at)
			}
		}
		time.Sleep(50 * 24 * time.Hour)
		want("weeks later, alone", right())
		ahead = 0
		want("put right", right())
		c.hear(peers(0), now())
		ahead = -age / 3
		want("wrong the other way", right())
		ahead = 3 * 24 * time.Hour
		want("after a sleep of three days", record.DayOf(now()))
		if got := c.ahead(now()); got != 0 {
			t.Errorf("after a sleep the campus is %v ahead", got)
		}
	})
}

// A node that starts with a clock of long ago files by the campus's as soon as it has
// heard it: what is done at it a second later stays.
func TestTheCalendarLooksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		east, others := w.houses[1], []*house{w.houses[0], w.houses[2]}
		time.Sleep(time.Minute)
		for _, o := range others {
			w.net.Cut(memnet.Closing, o.key.ID(), east.key.ID())
		}
		east.shut()
		east.ahead.Store(-int64(40 * 24 * time.Hour))
		east.on()
		time.Sleep(time.Hour + time.Second)
		if got, is := east.calendar.today(), record.DayOf(others[0].now()); got == is {
			t.Fatal("by its own clock it knows the day")
		}
		w.net.Heal()
		both := func() (n int) {
			for _, x := range east.mesh.Freshness() {
				if heard(x, east.now()) {
					n++
				}
			}
			return n
		}
		for both() < 2 {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(500 * time.Millisecond)
		if got, want := east.calendar.today(), record.DayOf(others[0].now()); got != want {
			t.Errorf("half a second after both others were heard it takes %s for today, and it is %s", got, want)
		}
	})
}
