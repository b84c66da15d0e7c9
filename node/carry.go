package node

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
)

// carryTick is how often it is looked after whether own days must be carried
// over. Others may not be able to cover this node before it is done.
const carryTick = 15 * time.Second

// aDay is how far another node's clock may be off and still let this one move
// on: days are kept for two longer than positions tell of them.
const aDay = 24 * time.Hour

// runCarry carries own days over in their time.
func (n *Node) runCarry(ctx context.Context) error {
	tick := time.NewTicker(carryTick)
	defer tick.Stop()
	said := ""
	for {
		now := n.cfg.Now()
		if day := n.calendar.today() - retainDays; n.replica.Uncarried(day) {
			err := n.carry(ctx, day, now)
			if err != nil && ctx.Err() == nil && err.Error() != said {
				n.log.Warn("old visits are not carried over yet, and others may not call this node complete before; tried again", "err", err)
			}
			said = fmt.Sprint(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// carry writes anew what this node's own days before day tell of open visits,
// before its positions stop telling of those days, so that nobody calls it
// complete who lacks them. It destroys nothing and so goes by the clock of the
// campus where this node's own is off, or else needs none to agree; but what was
// settled while this node was away must not come back by it, and that only those
// can tell who are heard.
func (n *Node) carry(ctx context.Context, day record.Day, now time.Time) error {
	c, err := n.loadContacts()
	if err != nil {
		return err
	}
	news, ahead := n.mesh.Freshness(), n.calendar.ahead(now)
	news, now = seenBy(news, ahead), now.Add(ahead)
	c.note(news, now, n.replica.End())
	back := c.reunited(news, now, day)
	switch wordOf(news, now) {
	case silence:
		return nil
	case denied:
		if c, back = c.doubtful(news, now, day); back == nil {
			return nil
		}
	}
	var others crdt.Elsewhere
	if len(back) > 0 {
		if others, err = n.elsewhere(ctx, back, c); err != nil {
			return err
		}
	}
	return n.replica.CarrySettled(ctx, day, others)
}

// doubtful are members that are heard, by a clock less than a day off, and
// have not borne out ours since before day, as if they had been away since;
// nil: none is heard.
func (c contacts) doubtful(news []mesh.NodeNews, now time.Time, day record.Day) (contacts, []mesh.NodeNews) {
	out := maps.Clone(c)
	var back []mesh.NodeNews
	for _, x := range news {
		if !heard(x, now) || x.ClockOffset.Abs() > aDay {
			continue
		}
		if back == nil {
			back = []mesh.NodeNews{}
		}
		one := c[fullName(x.Node)]
		if one.Before.IsZero() {
			one.Before, one.BeforeAt = one.Last, one.At
		}
		if !one.Before.IsZero() && record.DayOf(one.Before) < day {
			out[fullName(x.Node)], back = one, append(back, x)
		}
	}
	return out, back
}
