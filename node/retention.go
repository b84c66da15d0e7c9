package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/visits"
)

const (
	// retainDays is how far back a position reaches; two days short of what is
	// kept, so that clocks a day apart do not disagree about what is missing.
	retainDays = visits.Retention - 2
	// retentionTick is how often retention is looked after.
	retentionTick = 10 * time.Minute
	// firstNotes is how often who is heard is noted until the first retentionTick: a
	// handheld may be on for minutes at a time, and then off for months.
	firstNotes = time.Minute
	// dayCredit is the running time that lets a node with no other clock to
	// compare with drop one day.
	dayCredit = 24 * time.Hour
	maxCredit = 2 * dayCredit
	// longLeap is by how many days at once others may bear out that days are
	// past. All nodes may follow one time server that is out of its mind.
	longLeap = 180
)

var keyCredit = []byte("n/retention-credit")

// runRetention drops days whose retention is over, and what was derived from
// them. A clock alone must not destroy, nor two that are wrong together: most
// clocks that are heard agree with ours, or are off by hours alone, and the
// earliest counts; or nobody is heard, and at most one day goes for each day
// that this node has been running. A clock that others contradict drops nothing.
func (n *Node) runRetention(ctx context.Context) error {
	tick := time.NewTicker(retentionTick)
	defer tick.Stop()
	soon := time.NewTicker(firstNotes)
	defer soon.Stop()
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
		n.noteUntil(ctx, tick.C, soon.C)
		soon.Stop()
		if ctx.Err() != nil {
			return nil
		}
		if err := n.desk.Sweep(); err != nil {
			n.log.Error("old tokens could not be forgotten", "err", err)
		}
		credit = min(credit+retentionTick, maxCredit)
		if err := n.saveCredit(credit); err != nil {
			n.log.Error("running time could not be saved", "err", err)
		}
	}
}

// noteUntil notes who is heard, and what they keep, whenever soon says so, until tick or
// the end of ctx.
func (n *Node) noteUntil(ctx context.Context, tick, soon <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			return
		case <-soon:
		}
		c, err := n.loadContacts()
		if err == nil {
			news, now := n.mesh.Freshness(), n.cfg.Now()
			c.note(news, now, n.replica.End())
			err = n.saveContacts(c)
			n.askWhatIsKept(ctx, news, now)
		}
		if err != nil && ctx.Err() == nil {
			n.log.Error("who was heard could not be saved", "err", err)
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
	c.note(news, now, n.replica.End())
	defer func() {
		if err := n.saveContacts(c); err != nil && ctx.Err() == nil {
			n.log.Error("who was heard could not be saved", "err", err)
		}
	}()
	word, today := wordOf(news, now), record.DayOf(now)
	back, known := c.reunited(news, now, today-visits.Retention), c
	if day, ok := almost(news, now); ok && word == denied {
		word, today = borneOut, day
		known, back = c.doubtful(news, now, day-visits.Retention)
	}
	if word == borneOut || word == nobody {
		if err := n.replica.NoteAhead(record.DayOf(now)); err != nil {
			return credit, err
		}
		if err := n.agreeOnAhead(ctx, news, now); err != nil {
			return credit, err
		}
	}
	target := today - visits.Retention
	oldest, ok := n.replica.Oldest()
	if next := max(n.replica.Horizon(), target-1); !ok || next < oldest {
		oldest = next // nothing to drop, but the horizon goes with the others'
	}
	upTo, cost := dropUpTo(oldest, target, word, credit)
	// Documents far ahead are past by the day since which they are held.
	due := word == borneOut && upTo == target && n.replica.Due(target)
	if upTo <= oldest && !due {
		return credit, nil
	}
	var others crdt.Elsewhere
	if len(back) > 0 {
		if others, err = n.elsewhere(ctx, back, known); err != nil {
			n.log.Info("old days are kept until all is told with those who are back", "err", err)
			return credit, nil
		}
	}
	if before, ended := n.newcomer(ctx, news, now, oldest); before != nil {
		apart := others.Settled
		others.Gone = max(others.Gone, ended)
		others.Settled = func(p record.Presence) bool { return before(p) || apart != nil && apart(p) }
	}
	if err := n.replica.DropSettled(ctx, upTo, others); err != nil {
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

// almost is the earliest day that a clock shows of those heard that are within
// a day of ours, ours among them; false where they are not more than those
// further off. Where ours is denied by hours, what all these call past is past:
// a machine that was told the wrong time zone must not keep its days for ever.
func almost(news []mesh.NodeNews, now time.Time) (record.Day, bool) {
	day, near, far := record.DayOf(now), 0, 0
	for _, x := range news {
		switch {
		case !heard(x, now):
		case x.ClockOffset.Abs() <= aDay:
			day = min(day, record.DayOf(now.Add(x.ClockOffset)))
			near++
		default:
			far++
		}
	}
	return day, near > 0 && near+1 > far
}

// word is what others say of our clock.
type word = expiry.Word

const (
	nobody   = expiry.Nobody
	silence  = expiry.Silence
	denied   = expiry.Denied
	borneOut = expiry.BorneOut
)

// dropUpTo decides how far to drop, from the oldest day held towards target,
// and what of the credit it costs. A node that hears nobody keeps its days for
// twice the retention: those it cannot hear know who has left. Clocks that agree
// on a leap of more than longLeap let days go one by one too: they may be wrong
// together, and if they are right, what is so old goes within the retention.
func dropUpTo(oldest, target record.Day, w word, credit time.Duration) (record.Day, time.Duration) {
	switch w {
	case borneOut:
		if target-oldest <= longLeap {
			return target, 0
		}
	case denied:
		return oldest, 0
	case silence:
		target -= visits.Retention
	}
	days := max(min(record.Day(credit/dayCredit), target-oldest), 0)
	return oldest + days, time.Duration(days) * dayCredit
}

func wordOf(news []mesh.NodeNews, now time.Time) word { return expiry.WordOf(news, now) }

func heard(x mesh.NodeNews, now time.Time) bool { return expiry.Heard(x, now) }

func agrees(x mesh.NodeNews, now time.Time) bool { return expiry.Agrees(x, now) }

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
