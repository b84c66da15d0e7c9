package node

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/node/expiry"
)

const (
	// asleep is how far the clock may be ahead of what running time makes of the
	// last sure time, and still be followed: a machine that slept counts no time.
	asleep = 7 * 24 * time.Hour
	// calendarTick is how often other clocks are looked at.
	calendarTick = 5 * time.Second
)

// sure is a time that most clocks of the campus bore out, and when that was by
// running time.
type sure struct{ campus, at time.Time }

// calendar tells under which day events are filed. It follows the node's clock
// until other clocks have been heard; from then on it follows what most of them
// show, and does not jump when the node's own does. Safe for concurrent use.
type calendar struct {
	now  func() time.Time
	last atomic.Pointer[sure]
}

// today does not block.
func (c *calendar) today() record.Day {
	now, s := c.now(), c.last.Load()
	if s == nil {
		return record.DayOf(now)
	}
	ran := s.campus.Add(time.Since(s.at))
	if ahead := now.Sub(ran); ahead > 0 && ahead < asleep {
		return record.DayOf(now)
	}
	return record.DayOf(ran)
}

// ahead is how far the clock of the campus is ahead of the node's own, where
// that is off by more than an hour; else zero.
func (c *calendar) ahead(now time.Time) time.Duration {
	s := c.last.Load()
	if s == nil {
		return 0
	}
	d := s.campus.Add(time.Since(s.at)).Sub(now)
	if d < 0 && -d < asleep || d.Abs() <= expiry.Agreeing {
		return 0
	}
	return d
}

// seenBy are news as a clock sees them that is ahead of the node's own.
func seenBy(news []mesh.NodeNews, ahead time.Duration) []mesh.NodeNews {
	if ahead == 0 {
		return news
	}
	news = slices.Clone(news)
	for i := range news {
		news[i].LastHeard, news[i].ClockOffset = news[i].LastHeard.Add(ahead), news[i].ClockOffset-ahead
	}
	return news
}

// hear takes what other clocks show. Where no majority of clocks agrees, it
// changes nothing: nobody can tell who is right.
func (c *calendar) hear(news []mesh.NodeNews, now time.Time) (ok bool) {
	off, ok := majority(news, now)
	if ok {
		c.follow(now.Add(off))
	}
	return ok
}

// follow takes campus for the time that it is now.
func (c *calendar) follow(campus time.Time) { c.last.Store(&sure{campus, time.Now()}) }

// outlived is how far ahead of ours the clock is of a member that is heard and has
// dropped the day which ours shows, of several the least; false where nobody has.
// Nobody drops a day before its time, so ours is behind, whoever else says so:
// what is filed by it nobody takes.
func (n *Node) outlived(ctx context.Context, news []mesh.NodeNews, now time.Time) (ahead time.Duration, ok bool) {
	for _, x := range news {
		if !heard(x, now) || x.ClockOffset <= aDay || ok && x.ClockOffset >= ahead {
			continue
		}
		if h, err := n.horizonOf(ctx, x.Node); err == nil && h > record.DayOf(now) {
			ahead, ok = x.ClockOffset, true
		}
	}
	return ahead, ok
}

// majority is how far ahead of ours the clocks are that agree with one another
// and are more than all others together, ours counted where it belongs.
func majority(news []mesh.NodeNews, now time.Time) (ahead time.Duration, ok bool) {
	offs := []time.Duration{0}
	for _, x := range news {
		if heard(x, now) {
			offs = append(offs, x.ClockOffset)
		}
	}
	slices.Sort(offs)
	middle := offs[len(offs)/2]
	near := 0
	for _, off := range offs {
		if (off - middle).Abs() <= expiry.Agreeing {
			near++
		}
	}
	if len(offs) < 2 || 2*near <= len(offs) {
		return 0, false
	}
	if middle.Abs() <= expiry.Agreeing {
		middle = 0 // ours is one of them
	}
	return middle, true
}

// runCalendar keeps the calendar. Until others have been heard it looks whenever there
// is news: what is filed by a clock that has stood still is not here to stay.
func (n *Node) runCalendar(ctx context.Context) error {
	news := make(chan struct{}, 1)
	defer n.mesh.Watch(func() {
		select {
		case news <- struct{}{}:
		default:
		}
	})()
	tick := time.NewTicker(calendarTick)
	defer tick.Stop()
	for {
		early := news
		if n.lookAtClocks(ctx) {
			early = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-early:
		case <-tick.C:
		}
	}
}

// lookAtClocks reports whether the calendar goes by other clocks than its own.
func (n *Node) lookAtClocks(ctx context.Context) (known bool) {
	news, now := n.mesh.Freshness(), n.cfg.Now()
	if !n.calendar.hear(news, now) {
		if ahead, ok := n.outlived(ctx, news, now); ok {
			n.calendar.follow(now.Add(ahead))
		}
	}
	return n.calendar.last.Load() != nil
}
