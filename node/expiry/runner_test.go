package expiry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const day = 24 * time.Hour

// house is a node with keys of many dates, whose clock may be wrong.
type house struct {
	t *testing.T
	*Runner

	off   time.Duration
	word  Word
	heard record.Day
	// shown is the earliest date that others' clocks show.
	shown record.Day
	dates map[record.Day]bool
	kept  State
	fail  error
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, word: Nobody, dates: map[record.Day]bool{}}
	for d := range record.Day(100) {
		h.dates[record.DayOf(time.Now())+d-10] = true
	}
	h.start()
	return h
}

func (h *house) start() {
	h.t.Helper()
	r, err := Open(Config{
		Keys: h, Keeper: h, Now: func() time.Time { return time.Now().Add(h.off) },
		Word: func() Word { return h.word }, Heard: func() record.Day { return h.heard },
		Earliest: func() record.Day { return h.shown },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Runner = r
}

func (h *house) Oldest() (d record.Day, ok bool) {
	for x := range h.dates {
		if !ok || x < d {
			d, ok = x, true
		}
	}
	return d, ok
}

func (h *house) Expire(upTo record.Day) error {
	if h.fail != nil {
		return h.fail
	}
	for x := range h.dates {
		if x <= upTo {
			delete(h.dates, x)
		}
	}
	return nil
}

func (h *house) Load() (State, error) { return h.kept, nil }
func (h *house) Save(s State) error   { h.kept = s; return nil }

func (h *house) run(d time.Duration) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	time.Sleep(d)
	synctest.Wait()
	cancel()
	if err := <-done; err != nil {
		h.t.Error(err)
	}
}

// left is the oldest date that is held, in days from the real today.
func (h *house) left() int {
	d, _ := h.Oldest()
	return int(d - record.DayOf(time.Now()))
}

func (h *house) want(what string, left int) {
	h.t.Helper()
	if got := h.left(); got != left {
		h.t.Errorf("%s: the oldest date held is %d days from today, want %d", what, got, left)
	}
}

func inHouse(t *testing.T, fn func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { fn(newHouse(t)) })
}

// caughtUp is a house that has nothing due, and no credit left.
func caughtUp(t *testing.T, fn func(h *house)) {
	t.Helper()
	inHouse(t, func(h *house) {
		if err := h.Allow(record.DayOf(time.Now())); err != nil {
			t.Fatal(err)
		}
		h.want("allowed", 1)
		fn(h)
	})
}

func TestADateDiesOnItsDay(t *testing.T) {
	for _, w := range []Word{Nobody, Silence, BorneOut} {
		caughtUp(t, func(h *house) {
			h.word = w
			for range 10 {
				h.run(day + time.Minute)
				h.want("a day later", 1)
			}
			if h.Report() != (Report{}) {
				t.Errorf("%+v", h.Report())
			}
		})
	}
}

// One date for each day of running time, two at once at most.
func TestMoreThanRunningTimeWaits(t *testing.T) {
	inHouse(t, func(h *house) {
		h.word = BorneOut
		h.run(time.Minute)
		h.want("no credit", -10)
		if r := h.Report(); r.Waiting != 11 || r.Why != Running {
			t.Errorf("%+v", r)
		}
		if h.Usable(record.DayOf(time.Now())) || !h.Usable(record.DayOf(time.Now())+1) {
			t.Error("use of dates that wait has not stopped")
		}
		h.run(day)
		h.want("a day", -10) // one died, one came due
		if err := h.Allow(record.DayOf(time.Now()) - 3); err != nil {
			t.Fatal(err)
		}
		h.want("allowed", -2)
		if h.kept.Allowed != 0 {
			t.Error("the allowance was not consumed")
		}
		if err := h.Allow(record.DayOf(time.Now()) + 1); !errors.Is(err, ErrNotYet) {
			t.Error(err)
		}
	})
}

func TestDeadClockBattery(t *testing.T) {
	caughtUp(t, func(h *house) {
		today := record.DayOf(time.Now())
		time.Sleep(3 * day)
		h.off = -time.Duration(time.Now().Unix()) * time.Second // 1970
		h.start()
		h.run(3 * day)
		h.want("1970", -5)
		if h.Usable(today) || !h.Usable(today+2+3) {
			t.Error("what had been closed is open, or the clock closed more than running time")
		}
		h.off = 0
		h.run(time.Minute)
		if h.left() < -4 {
			t.Error("a clock put right does not count", h.left())
		}
	})
}

// All clocks are wrong together: each takes two dates at most.
func TestBadTimeServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []*house
		for range 8 {
			h := newHouse(t)
			h.word = BorneOut
			if err := h.Allow(record.DayOf(time.Now())); err != nil {
				t.Fatal(err)
			}
			h.state.Credit = maxCredit
			all = append(all, h)
		}
		for _, h := range all {
			h.off = 73 * 365 * day
		}
		for range 20 {
			for _, h := range all {
				for _, x := range all {
					if x != h {
						h.heard = max(h.heard, x.Horizon())
					}
				}
				if err := h.Step(); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, h := range all {
			h.want("2099 everywhere", 3)
		}
	})
}

func TestAJumpTo2099Alone(t *testing.T) {
	for name, w := range map[string]Word{"silence": Silence, "nobody": Nobody, "denied": Denied} {
		t.Run(name, func(t *testing.T) {
			caughtUp(t, func(h *house) {
				h.word = w
				if w != Denied {
					h.run(day + time.Minute)
					h.want("before", 1)
				} else {
					h.state.Credit = maxCredit
				}
				h.off = 73 * 365 * day
				h.run(5 * day)
				if got := h.left(); got > 1 {
					t.Errorf("destroyed up to %d days ahead", got-1)
				}
				why := Jumped
				if w == Denied {
					why = Contradicted
				}
				if r := h.Report(); r.Why != why || r.Waiting < 1000 {
					t.Errorf("%+v", r)
				}
				if open := h.Usable(record.DayOf(time.Now()) + 3); open != (w == Denied) {
					t.Errorf("use of keys: %v", open)
				}
				// Also after a restart, and once the clock is right again.
				h.start()
				h.run(time.Hour)
				if got := h.left(); got > 1 {
					t.Errorf("after a restart: destroyed up to %d days ahead", got-1)
				}
				h.off, h.word = 0, Silence
				h.run(3 * day)
				if got := h.left(); got > 1 || got < -6 {
					t.Errorf("set right: %d", got)
				}
				if !h.Usable(record.DayOf(time.Now()) + 1) {
					t.Error("set right, and tomorrow's keys are not used")
				}
			})
		})
	}
}

// The first clock that is heard after weeks off is wrong, and so denies ours:
// what it, too, says is past is not used, and nothing is destroyed.
func TestDeniedAfterWeeksOffClosesWhatBothSayIsPast(t *testing.T) {
	caughtUp(t, func(h *house) {
		today := record.DayOf(time.Now())
		time.Sleep(49 * day)
		h.start()
		h.word = Denied
		for name, c := range map[string]struct{ shown, first record.Day }{
			"nine years ahead": {today + 3600, today + 50},
			"a week behind":    {today + 42, today + 43},
			"years behind":     {today - 3600, today + 1},
		} {
			h.shown = c.shown
			if h.Usable(c.first-1) || !h.Usable(c.first) {
				t.Errorf("%s: in use from %d days on, want %d", name, h.Today()+1-today, c.first-today)
			}
		}
		h.run(time.Hour)
		h.want("denied", -48)
	})
}

func TestTenDaysOffThenPeersConfirm(t *testing.T) {
	caughtUp(t, func(h *house) {
		time.Sleep(10 * day)
		h.start()
		h.word = Silence
		h.run(time.Minute)
		h.want("alone", -9)
		if r := h.Report(); r.Why != Jumped || r.Waiting != 10 {
			t.Errorf("%+v", r)
		}
		h.word, h.heard = BorneOut, record.DayOf(time.Now())
		h.run(time.Second)
		h.want("a member heard", 1)
	})
}

// Nobody has destroyed anything: two dates on credit, then one a day.
func TestWholeCampusOffForTenDays(t *testing.T) {
	caughtUp(t, func(h *house) {
		h.run(3 * day)
		time.Sleep(10 * day)
		h.start()
		h.word, h.heard = BorneOut, h.Horizon()
		h.run(time.Minute)
		if got := h.left(); got < -9 || got > -7 {
			t.Error("at once:", got)
		}
		if err := h.Allow(record.DayOf(time.Now())); err != nil {
			t.Fatal(err)
		}
		h.want("an operator allowed it", 1)
	})
}

func TestAClockSteppingBackAfterDeaths(t *testing.T) {
	caughtUp(t, func(h *house) {
		h.word = BorneOut
		h.run(2*day + time.Minute)
		was := h.Horizon()
		h.off = -20 * day
		h.word = Silence
		h.run(day)
		if h.Horizon() < was {
			t.Error("the horizon moved back")
		}
		if h.Usable(was) {
			t.Error("a destroyed date is used")
		}
		// A key that comes back goes again.
		h.dates[was-1] = true
		h.run(time.Minute)
		if h.dates[was-1] {
			t.Error("a key of a destroyed date stays")
		}
	})
}

// A node that holds nothing says nothing of any date.
func TestANewNodeHasNoHorizon(t *testing.T) {
	inHouse(t, func(h *house) {
		clear(h.dates)
		h.word = BorneOut
		h.run(5 * day)
		if h.Horizon() != 0 {
			t.Error(h.Horizon())
		}
	})
}

func TestAFailureToDestroyMovesNoHorizon(t *testing.T) {
	caughtUp(t, func(h *house) {
		was := h.Horizon()
		h.fail = errors.New("the disk")
		h.run(day + time.Hour)
		if h.Horizon() != was || h.kept.Horizon != was {
			t.Error("the horizon says what did not happen")
		}
		h.fail = nil
		h.run(2 * time.Minute)
		h.want("mended", 1)
	})
}
