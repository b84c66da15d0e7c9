package nodetest

import (
	"errors"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// answer is how long a node may take over a command, whatever the network
// does: its disk syncs a few times, and that is all.
const answer = time.Second

// joinsIn is how long a node may take to join a campus without faults.
const joinsIn = 10 * time.Second

// inTime: a node takes no longer over anything than it may.
func inTime(h *House, began time.Time, what string) error {
	if took := time.Since(began); took > answer {
		return violated("answers alone", "%s took %v over %s", h.Name, took, what)
	}
	return nil
}

// excused judges a refusal: a node may only refuse for these reasons. h.mu is
// held.
func (c *Campus) excused(h *House, err error) error {
	var p *visits.Problem
	if errors.As(err, &p) {
		switch p.Key {
		case "disk.full":
			if h.full {
				return nil
			}
		case "node.revoked":
			if h.revoked {
				return nil
			}
		case "store.broken":
			if broke(h.life) {
				return nil
			}
		case "keys.missing":
			if !h.couldSeal {
				return nil // it has joined, and no desk has told it of keys yet
			}
		case "store.keys":
			if h.jammed || h.brim.cause != nil || h.flaw.cause != nil {
				return nil // no key for new dates can be kept
			}
		}
	}
	return violated("answers alone", "%s refuses: %v", h.Name, err)
}

// refused judges a refusal of the alarm: a node may only refuse for these
// reasons, and those that may hold of what it was told. h.mu is held.
func (c *Campus) refused(h *House, err error, may ...string) error {
	var p *alarm.Problem
	if errors.As(err, &p) {
		switch {
		case p.Key == "disk.full" && h.full, p.Key == "store.broken" && broke(h.life),
			p.Key == "evacuation.words_not_kept" && (h.jammed || h.brim.cause != nil), slices.Contains(may, p.Key):
			return nil
		}
	}
	return c.excused(h, err)
}

// uncovered is the refusal that may hold of somebody where what runs is not of the
// whole campus.
func uncovered(e record.Evacuation) string {
	if slices.ContainsFunc(e.Starts, func(s record.Start) bool { return s.Site == "" }) {
		return ""
	}
	return "evacuation.not_covered"
}

// broke reports whether something may be on record although it was refused: the
// disk has failed under it. Every other refusal says that nothing was written. The
// house's mu is held.
func broke(l *life) bool { return l.cause != nil }

// checkSeals: who has had keys to seal with goes on having them: where a date has
// none, an earlier one serves. Whatever lies on a full disk may be gone when
// it starts again.
func (c *Campus) checkSeals(h *House) error {
	can := h.Node().CanSeal()
	if h.couldSeal && !can {
		return violated("answers alone", "%s has had keys to seal names with, and has none now", h.Name)
	}
	h.couldSeal = h.couldSeal || can && !h.full
	return nil
}

// newcomer: when all is healed one more can join. The campus then agrees with it
// too.
func (c *Campus) newcomer() error {
	began := time.Now()
	c.changes++
	if err := c.Join(0); err != nil {
		return violated("answers alone", "nobody can join: %v", err)
	}
	if took := time.Since(began); took > joinsIn {
		return violated("answers alone", "to join took %v", took)
	}
	return nil
}

// allAnswer: when all is healed every member takes somebody in and out, in the
// time that it may take.
func (c *Campus) allAnswer() error {
	for _, h := range c.members() {
		v, err := c.arrive(h)
		if err != nil {
			return err
		}
		if v == nil {
			return violated("answers alone", "%s takes nobody in", h.Name)
		}
		if _, err := c.leave(h, v, uint64(v.n)); err != nil {
			return err
		}
		if !v.surelyGone() {
			return violated("answers alone", "%s lets v%d not out", h.Name, v.n)
		}
	}
	return nil
}
