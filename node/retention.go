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
	// agreeing is how far another node's clock may be off and still bear out
	// ours.
	agreeing = time.Minute
)

var keyCredit = []byte("n/retention-credit")

// runRetention drops days whose retention is over. A clock alone must not
// destroy: either another node's clock agrees with ours, or at most one day
// goes for each day that this node has been running.
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

// retain drops what may be dropped now and returns the credit that is left.
func (n *Node) retain(ctx context.Context, credit time.Duration) (time.Duration, error) {
	oldest, ok := n.replica.Oldest()
	target := record.DayOf(n.cfg.Now()) - visits.Retention
	if !ok || oldest >= target {
		return credit, nil
	}
	upTo, cost := dropUpTo(oldest, target, bornOut(n.mesh.Freshness(), n.cfg.Now()), credit)
	if upTo <= oldest {
		return credit, nil
	}
	if err := n.replica.DropBefore(ctx, upTo); err != nil {
		return credit, err
	}
	n.log.Info("days dropped after their retention", "before", upTo.String())
	return credit - cost, n.saveCredit(credit - cost)
}

// dropUpTo decides how far to drop, from the oldest day held towards target,
// and what of the credit it costs.
func dropUpTo(oldest, target record.Day, bornOut bool, credit time.Duration) (record.Day, time.Duration) {
	if bornOut {
		return target, 0
	}
	days := min(record.Day(credit/dayCredit), target-oldest)
	return oldest + days, time.Duration(days) * dayCredit
}

// bornOut reports whether another node's clock, heard just now, agrees with
// ours.
func bornOut(news []mesh.NodeNews, now time.Time) bool {
	for _, x := range news {
		if x.State == mesh.Self || x.State == mesh.Revoked || !x.Direct || x.Suspect || now.Sub(x.LastHeard) > agreeing {
			continue
		}
		if x.ClockOffset.Abs() <= agreeing {
			return true
		}
	}
	return false
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
