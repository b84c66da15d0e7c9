package watch

import (
	"context"
	"errors"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// looking is how often it is looked whether the list has changed, asking how
	// long a door waits before it asks again, and anew how old a list may be that
	// is still the same: a desk may have another key.
	looking = 2 * time.Second
	asking  = 5 * time.Second
	anew    = 10 * time.Minute
)

// ErrMaking means that the list of a desk is not ready to be told.
var ErrMaking = errors.New("the list is being made: ask again in a moment")

// Match compares somebody who comes with the list, before it is known whether
// they will be taken in: at a desk with all that it knows, at a door with what it
// holds, which may be nothing. Anybody's word is taken for what it is.
func (b *Book) Match(p Person) (out []record.Match) {
	if !b.cfg.Desk() {
		b.making.Lock()
		held := b.door
		b.making.Unlock()
		return held.Match(p, b.cfg.Today())
	}
	home := b.Country()
	for _, e := range b.List() {
		for _, by := range e.Match(p, home) {
			out = append(out, record.Match{Entry: e.ID, By: string(by), Wait: e.Wait && by != Nearly})
		}
	}
	return tidy(out)
}

// Tell is what a door is told, on a desk. Errors: ErrMaking, ErrNotHere.
func (b *Book) Tell() ([]byte, error) {
	if !b.cfg.Desk() {
		return nil, ErrNotHere
	}
	b.making.Lock()
	defer b.making.Unlock()
	if b.held == nil {
		return nil, ErrMaking
	}
	return b.held.Encode()
}

// Blind reports whether there is a list, and this door holds none.
func (b *Book) Blind() bool {
	if b.cfg.Desk() {
		return false
	}
	b.making.Lock()
	defer b.making.Unlock()
	_, any := b.Digest()
	return any && b.door == nil
}

// make makes what doors are told, at a desk. It takes time for each form that is
// new. A membership that has ended changes the key: whoever holds the old one
// learns nothing of entries that are made later.
func (b *Book) make(ctx context.Context) {
	digest, _ := b.Digest()
	list := b.List()
	revoked := b.cfg.Revoked()
	b.making.Lock()
	if revoked != b.revoked {
		b.key, b.revoked, b.held, b.tags = newKey(), revoked, nil, map[form]tag{}
	}
	if b.held != nil && b.held.Digest == digest && b.holds == len(list) {
		b.making.Unlock()
		return
	}
	k, known := b.key, b.tags
	b.making.Unlock()
	home := b.Country()
	h := &Held{Digest: digest, Country: home, cost: b.cfg.Cost, key: k}
	tags := map[form]tag{}
	for _, e := range list {
		for _, f := range e.forms(home) {
			t, ok := known[f]
			if !ok {
				if ctx.Err() != nil {
					return
				}
				t = k.tag(b.cfg.Cost, f)
			}
			tags[f] = t
			h.all = append(h.all, tagged{Tag: t, Entry: e.ID, By: f.by, Wait: e.Wait, Until: e.Until})
		}
	}
	h.all = h.all[:min(len(h.all), maxTags)]
	b.making.Lock()
	defer b.making.Unlock()
	b.held, b.holds, b.tags = h, len(list), tags
}

// Ask asks a desk for the list, for a door. It may take a second.
type Ask func(context.Context) ([]byte, error)

// door keeps what a door holds up to date.
type door struct {
	book  *Book
	ask   Ask
	asked time.Time
	got   time.Time
}

// look asks for the list where it is another, or old.
func (d *door) look(ctx context.Context) {
	b, now := d.book, d.book.cfg.Now()
	digest, any := b.Digest()
	b.making.Lock()
	defer b.making.Unlock()
	switch {
	case !any || b.cfg.Barred() != nil:
		b.door = nil
		return
	case b.door != nil && b.door.Digest == digest && now.Sub(d.got).Abs() < anew, now.Sub(d.asked).Abs() < asking:
		return
	}
	d.asked = now
	b.making.Unlock()
	h, err := d.fetch(ctx)
	b.making.Lock()
	if err == nil {
		b.door, d.got = h, now
	}
}

func (d *door) fetch(ctx context.Context) (*Held, error) {
	raw, err := d.ask(ctx)
	if err != nil {
		return nil, err
	}
	return Decode(raw)
}

// Run keeps entries sealed and doors told, at a desk; at a door it asks for the
// list; until ctx ends. With no Ask this node holds no list.
func (b *Book) Run(ctx context.Context, ask Ask) error {
	tick := time.NewTicker(looking)
	defer tick.Stop()
	d := &door{book: b, ask: ask}
	var renewed time.Time
	for {
		switch {
		case b.cfg.Desk():
			if now := b.cfg.Now(); now.Sub(renewed).Abs() >= time.Hour {
				renewed = now
				if _, err := b.renew(ctx); err != nil && ctx.Err() == nil {
					b.cfg.Logger.Error("the watch list could not be sealed anew; tried again later", "err", err)
				}
			}
			b.make(ctx)
		case ask != nil:
			d.look(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
