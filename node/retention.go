package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/node/visits"
)

const (
	// retainDays is how far back a position reaches; two days short of what is
	// kept, so that clocks a day apart do not disagree about what is missing.
	retainDays = visits.Retention - 2
	// retentionTick is how often retention is looked after.
	retentionTick = 10 * time.Minute
	// dayCredit is the running time that lets a node with no other clock to
	// compare with drop one day.
	dayCredit = 24 * time.Hour
	maxCredit = 2 * dayCredit
	// justNow is how old the news of a node may be whose clock is compared.
	justNow = time.Minute
	// agreeing is how far another node's clock may be off and still bear out
	// ours: it is a matter of days, and not every machine is told the time.
	agreeing = time.Hour
)

var keyCredit = []byte("n/retention-credit")

// runRetention drops days whose retention is over, and what was derived from
// them. A clock alone must not destroy: another node's clock agrees with ours;
// or nobody is heard, and at most one day goes for each day that this node has
// been running. A clock that others contradict drops nothing.
func (n *Node) runRetention(ctx context.Context) error {
	tick := time.NewTicker(retentionTick)
	defer tick.Stop()
	credit, err := n.loadCredit()
	if err != nil {
		return err
	}
	for {
		if credit, err = n.retain(ctx, credit); err != nil && ctx.Err() == nil {
			n.log.Error("old days could not be dropped; tried again later", "err", err)
		}
		if err := n.pruneRoster(); err != nil {
			n.log.Error("the roster could not be pruned; tried again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := n.desk.Sweep(); err != nil {
				n.log.Error("old tokens could not be forgotten", "err", err)
			}
			credit = min(credit+retentionTick, maxCredit)
			if err := n.saveCredit(credit); err != nil {
				n.log.Error("running time could not be saved", "err", err)
			}
		}
	}
}

// pruneRoster forgets what no retained entry can need. The horizon of the days
// is the coarse time that nodes agree on.
func (n *Node) pruneRoster() error {
	h := n.replica.Horizon()
	if h == 0 {
		return nil
	}
	_, err := n.roster.Prune(h.Start())
	return err
}

// retain drops what may be dropped now and returns the credit that is left.
func (n *Node) retain(ctx context.Context, credit time.Duration) (time.Duration, error) {
	now, news := n.cfg.Now(), n.mesh.Freshness()
	c, err := n.loadContacts()
	if err != nil {
		return credit, err
	}
	c.note(news, now)
	defer func() {
		if err := n.saveContacts(c); err != nil && ctx.Err() == nil {
			n.log.Error("who was heard could not be saved", "err", err)
		}
	}()
	target := record.DayOf(now) - visits.Retention
	word := wordOf(news, now)
	oldest, ok := n.replica.Oldest()
	if next := max(n.replica.Horizon(), target-1); !ok || next < oldest {
		oldest = next // nothing to drop, but the horizon goes with the others'
	}
	upTo, cost := dropUpTo(oldest, target, word, credit)
	if upTo <= oldest {
		return credit, nil
	}
	var settled func(record.Presence) bool
	if back := c.reunited(news, now, target); len(back) > 0 {
		if settled, err = n.elsewhere(ctx, back, c); err != nil {
			n.log.Info("old days are kept until all is told with those who are back", "err", err)
			return credit, nil
		}
	}
	if err := n.replica.DropSettled(ctx, upTo, settled); err != nil {
		return credit, err
	}
	if ok {
		n.log.Info("days dropped after their retention", "before", upTo.String())
	}
	if upTo >= target {
		c.settle(news, now)
	}
	return credit - cost, n.saveCredit(credit - cost)
}

// word is what others say of our clock.
type word int

const (
	// nobody: this node is all of its campus.
	nobody word = iota
	// silence: there are others, and none is heard.
	silence
	// denied: who is heard has another day.
	denied
	// borne out: someone who is heard has our day.
	borneOut
)

// dropUpTo decides how far to drop, from the oldest day held towards target,
// and what of the credit it costs. A node that hears nobody keeps its days for
// twice the retention: those it cannot hear know who has left.
func dropUpTo(oldest, target record.Day, w word, credit time.Duration) (record.Day, time.Duration) {
	switch w {
	case borneOut:
		return target, 0
	case denied:
		return oldest, 0
	case silence:
		target -= visits.Retention
	}
	days := max(min(record.Day(credit/dayCredit), target-oldest), 0)
	return oldest + days, time.Duration(days) * dayCredit
}

// wordOf is what the news say of our clock.
func wordOf(news []mesh.NodeNews, now time.Time) word {
	w := nobody
	for _, x := range news {
		switch {
		case x.State == mesh.Self || x.State == mesh.Revoked:
		case agrees(x, now):
			return borneOut
		case heard(x, now):
			w = denied
		default:
			w = max(w, silence)
		}
	}
	return w
}

// heard reports whether a member's own word came just now.
func heard(x mesh.NodeNews, now time.Time) bool {
	return x.State != mesh.Self && x.State != mesh.Revoked && x.Direct && now.Sub(x.LastHeard) <= justNow
}

// agrees reports whether a member that is heard has our day, near enough.
func agrees(x mesh.NodeNews, now time.Time) bool {
	return heard(x, now) && x.ClockOffset.Abs() <= agreeing
}

func (n *Node) loadCredit() (time.Duration, error) {
	b, err := n.store.Get(keyCredit)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil || len(b) != 8 {
		return 0, fmt.Errorf("read running time: %w", errors.Join(err, store.ErrNotFound))
	}
	return min(time.Duration(binary.BigEndian.Uint64(b)), maxCredit), nil
}

func (n *Node) saveCredit(c time.Duration) error {
	return put(n.store, keyCredit, binary.BigEndian.AppendUint64(nil, uint64(max(c, 0))))
}
