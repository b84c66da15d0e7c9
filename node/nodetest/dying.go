package nodetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/expiry"
)

// letDie has an operator at a desk let the keys of all dates before today die, as
// after a closure: no node runs for so long here that it would do so by itself.
func (c *Campus) letDie(s Step) (string, error) {
	desks := c.desks()
	if len(desks) == 0 {
		return "", nil
	}
	h := desks[s.A%len(desks)]
	if off := h.Clock.Off(); off > time.Minute || off < -time.Minute || h.Node().Expiry().Waiting == 0 {
		return "", nil // an operator sets the clock right first
	}
	until := record.DayOf(h.Clock.Now()) - 1
	c.allowed = max(c.allowed, until)
	err := h.Node().AllowExpiry(context.Background(), until)
	done := fmt.Sprintf("%s lets the keys of all dates up to %s die", h.Name, until)
	if err == nil {
		return done, nil
	}
	if h.full || h.jammed || errors.Is(err, expiry.ErrKeysFirst) {
		return done + ", later", nil
	}
	return done, violated("answers alone", "%s refuses to let keys die: %v", h.Name, err)
}

// lastDied is the last date whose keys have died at a running house, by its own
// word on its disk; zero: none has.
func lastDied(h *House) (record.Day, error) {
	b, err := h.now().disk.Get([]byte("n/expiry"))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	var s expiry.State
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	return s.Horizon, err
}

// checkDates: what died by its date is gone, and nothing dies before its date, nor
// by a clock alone: nobody runs for a day here, so an operator has allowed it.
func (c *Campus) checkDates(h *House) error {
	died, err := lastDied(h)
	if err != nil {
		return violated("goes on", "%s: %v", h.Name, err)
	}
	switch {
	case died == 0:
		return nil
	case died > record.DayOf(time.Now()):
		return violated("nothing dies before its date", "keys of %s have died at %s, and that day has not come", died, h.Name)
	case died > c.allowed && time.Since(c.began)-c.shut < 24*time.Hour:
		return violated("a clock alone destroys nothing", "keys of %s have died at %s, and nobody allowed that", died, h.Name)
	}
	return c.deadUntil(h, died)
}

// deadUntil: a house holds no key of a date, nor of one before it.
func (c *Campus) deadUntil(h *House, died record.Day) error {
	keys, err := h.stolen()
	if err != nil {
		return violated("keys can be read back", "%s: %v", h.Name, err)
	}
	for b := range keys.buckets {
		if b.date <= died {
			return violated("keys die on their date", "%s holds a bucket key of %s, and what is up to %s has died", h.Name, b.date, died)
		}
	}
	for _, k := range keys.keys {
		if d, dated := k.Day(); dated && d <= died {
			return violated("keys die on their date", "%s holds a private key for the %s of %s, and what is up to %s has died", h.Name, k.Audience, k.Date, died)
		}
	}
	return nil
}

// diedEverywhere: what an operator let die at one house dies at all.
func (c *Campus) diedEverywhere(all []*House) error {
	var last record.Day
	for _, h := range all {
		died, err := lastDied(h)
		if err != nil {
			return violated("goes on", "%s: %v", h.Name, err)
		}
		last = max(last, died)
	}
	for _, h := range all {
		if err := c.deadUntil(h, last); last != 0 && err != nil {
			return err
		}
	}
	return nil
}
