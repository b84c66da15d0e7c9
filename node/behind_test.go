package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// An entrance that starts alone with a clock behind what it knows takes people
// in all the same, however far behind, and their names are read when it is back
// among others.
func TestAnEntranceBehindItsTime(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		for range 35 {
			w.steady()
			w.sleep(1)
		}
		here, there := desk.key.ID(), east.key.ID()
		east.shut()
		w.net.Cut(memnet.Closing, here, there)
		for _, days := range []int{1, 28, 29, 30, 31, 32, 45, 400} {
			east.ahead.Store(int64(-time.Duration(days) * 24 * time.Hour))
			east.on()
			v := east.arrive("Astrid Marker")
			east.shut()
			east.ahead.Store(0)
			w.net.Heal()
			east.on()
			time.Sleep(2 * time.Minute)
			if c, err := desk.Visits().Card(v); err != nil || c.Name != "Astrid Marker" {
				t.Errorf("%d days behind: %v", days, err)
			}
			east.leave(v)
			time.Sleep(time.Minute)
			east.shut()
			w.net.Cut(memnet.Closing, here, there)
		}
		w.net.Heal()
		east.on()
	})
}

// Devices without a clock of their own lie in a drawer for weeks and come back
// with the time at which they were put there, or with none. What is done at one
// before it hears the others they learn when it does, also where they have
// dropped the days that it takes for today, and its clock stays as it is.
func TestFromTheDrawer(t *testing.T) {
	inTheLongRunOnly(t)
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		away   int
		behind time.Duration
		others []string
	}{
		"the clock stood still":                 {40, 40 * day, []string{"West gate"}},
		"the clock began anew":                  {40, 30 * 365 * day, []string{"West gate"}},
		"the clock stood still, in a small one": {70, 70 * day, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t, append([]string{"Reception", "East gate"}, c.others...)...)
				defer w.close()
				desk, east := w.houses[0], w.houses[1]
				others := append([]*house{desk}, w.houses[2:]...)
				old, long := desk.arrive("Bertil Borta"), desk.arrive("Dag Lindh")
				w.sleep(2)
				for _, o := range others {
					w.net.Cut(memnet.Closing, o.key.ID(), east.key.ID())
				}
				east.shut()
				desk.leave(old)
				w.sleep(c.away)
				if len(others) == 1 { // alone it has dropped what is twice as old by then
					if err := desk.replica.DropBefore(t.Context(), record.DayOf(desk.now())-2*visits.Retention); err != nil {
						t.Fatal(err)
					}
					desk.shut() // these days passed without running time, which its calendar follows
					desk.on()
				}
				out := desk.arrive("Astrid Marker")
				time.Sleep(time.Hour)
				east.ahead.Store(int64(-c.behind))
				east.on()
				in, short := east.arrive("Cecilia Dal"), east.arrive("Erik Strand")
				east.leave(out)
				east.leave(short)
				if _, err := east.Alarm().Start(t.Context(), true, ""); err != nil {
					t.Fatal(err)
				}
				for _, v := range []record.VisitID{long, old} {
					if _, err := east.Alarm().Mark(t.Context(), alarm.MarkRequest{Code: record.Code{Badge: v.Badge(), Visit: v}, Mark: record.Inside, How: "command"}); err != nil {
						t.Fatal(err)
					}
				}
				code := record.Code{Badge: in.Badge(), Visit: in}
				for _, m := range []record.Mark{record.Safe, record.Inside} {
					if _, err := east.Alarm().Mark(t.Context(), alarm.MarkRequest{Code: code, Mark: m, How: "command"}); err != nil {
						t.Fatal(err)
					}
				}
				wrong, err := east.Alarm().Mark(t.Context(), alarm.MarkRequest{Code: code, Mark: record.Refuge, How: "command"})
				if err != nil {
					t.Fatal(err)
				}
				if u, err := east.Alarm().Undo(t.Context(), code, record.OnceID{}); err != nil || u.Of != wrong.ID {
					t.Fatal(u, err)
				}
				time.Sleep(10 * time.Minute)
				learnt := func(when string) {
					for _, o := range others {
						if p, err := o.replica.Presence(out); err != nil || p.Open() {
							t.Errorf("%s: %s does not know who left at the east gate: %+v, %v", when, o.name, p, err)
						}
						if p, err := o.replica.Presence(in); err != nil || !p.Open() {
							t.Errorf("%s: %s does not know who came in at the east gate: %+v, %v", when, o.name, p, err)
						}
						if p, err := o.replica.Presence(old); err != nil || p.Open() && !p.MarkedOnly {
							t.Errorf("%s: of who left weeks ago and was marked since %s says %+v, %v", when, o.name, p, err)
						}
						if p, err := o.replica.Presence(short); err != nil || p.Open() || p.Arrived.IsZero() {
							t.Errorf("%s: %s does not know who came and went at the east gate: %+v, %v", when, o.name, p, err)
						}
						e, on := o.replica.Evacuations().Running("")
						if !on {
							t.Errorf("%s: %s has not heard the drill", when, o.name)
						}
						for _, v := range []record.VisitID{in, long} {
							p, err := o.replica.Presence(v)
							if is := p.Verdict(e); err != nil || !p.Open() || is.Mark != record.Inside {
								t.Errorf("%s: %s does not know who was marked inside: %+v, %v", when, o.name, is, err)
							}
						}
					}
				}
				w.net.Heal()
				time.Sleep(time.Minute)
				learnt("the clock is wrong still")
				east.shut()
				east.ahead.Store(0)
				east.on()
				time.Sleep(30 * time.Minute)
				learnt("the clock is right")
			})
		})
	}
}

// Whoever was away before a closure of weeks does not put back on the list who
// left meanwhile, though a clock that was decades off had dated the arrival; and
// who came in by such a clock before the closure and stayed is on it still.
func TestWhoCameInByAWrongClockLeavesForGood(t *testing.T) {
	inTheLongRunOnly(t)
	const decades = 30 * 365 * 24 * time.Hour
	for name, off := range map[string]time.Duration{"ahead": decades, "behind": -decades} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t, "Reception", "East gate", "West gate")
				defer w.close()
				desk, east, west := w.houses[0], w.houses[1], w.houses[2]
				west.ahead.Store(int64(off))
				left, stays := west.arrive("Bertil Borta"), west.arrive("Astrid Marker")
				west.ahead.Store(0)
				time.Sleep(3 * retentionTick)
				east.shut()
				desk.leave(left)
				time.Sleep(time.Minute)
				desk.shut()
				west.shut()
				w.leap.Add(int64(42 * 24 * time.Hour))
				desk.on()
				west.on()
				time.Sleep(2 * retentionTick)
				east.on()
				time.Sleep(3 * retentionTick)
				for _, h := range w.houses {
					if h.lists(left) || !h.lists(stays) {
						t.Errorf("%s lists who left: %v, who stays: %v", h.name, h.lists(left), h.lists(stays))
					}
				}
			})
		})
	}
}
