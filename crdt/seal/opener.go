package seal

import (
	"fmt"
	"sync"

	"github.com/upprop/upprop/crdt/record"
)

// maxOpened bounds the memory for opened contexts, some 64 bytes each.
const maxOpened = 8192

// Opener opens parts with the private keys of a keyring. It remembers the
// secrets of contexts it has opened, for as long as the keyring holds their
// key. Safe for concurrent use.
type Opener struct {
	ring   *Keyring
	lookup func(ContextID) (Context, bool)

	mu     sync.Mutex
	opened map[ContextID]openedContext
}

type openedContext struct {
	key    KeyID
	secret secret
}

// NewOpener opens with ring's keys. lookup finds a stored context; it must be
// safe for concurrent use.
func NewOpener(ring *Keyring, lookup func(ContextID) (Context, bool)) *Opener {
	return &Opener{ring: ring, lookup: lookup, opened: map[ContextID]openedContext{}}
}

// Open returns the content of a part. The slice is the caller's, who should
// clear it when done. Errors: ErrNotForUs, ErrNoContext, ErrAltered.
func (o *Opener) Open(visit record.VisitID, p Part, w Wrap) ([]byte, error) {
	plain, err := o.open(visit, p, w)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Audience, err)
	}
	return plain, nil
}

func (o *Opener) open(visit record.VisitID, p Part, w Wrap) ([]byte, error) {
	if p.Audience != w.Audience || p.Version != w.Version {
		return nil, ErrAltered
	}
	key, ok := o.ring.get(w.KeyID)
	if !ok {
		o.forget(w.KeyID)
		return nil, ErrNotForUs
	}
	if key.pub.Audience != w.Audience {
		return nil, ErrAltered
	}
	sec, err := o.secret(w, key)
	if err != nil {
		return nil, err
	}
	defer clear(sec[:])
	st := stamp{visit, p.Audience, p.Version}
	partKey, err := sec.unwrap(st, w)
	if err != nil {
		return nil, err
	}
	defer clear(partKey)
	return openPart(st, partKey, p.Box)
}

func (o *Opener) secret(w Wrap, key PrivateKey) (secret, error) {
	o.mu.Lock()
	c, ok := o.opened[w.Context]
	o.mu.Unlock()
	if ok {
		if c.key != w.KeyID {
			return secret{}, ErrAltered
		}
		return c.secret, nil
	}
	ctx, ok := o.lookup(w.Context)
	if !ok {
		return secret{}, ErrNoContext
	}
	if ctx.KeyID != w.KeyID || ctx.ID != w.Context || contextID(ctx.Enc) != w.Context {
		return secret{}, ErrAltered
	}
	sec, err := ctx.open(key)
	if err != nil {
		return secret{}, err
	}
	o.remember(w.Context, openedContext{w.KeyID, sec})
	return sec, nil
}

func (o *Opener) remember(id ContextID, c openedContext) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for victim := range o.opened {
		if len(o.opened) < maxOpened {
			break
		}
		delete(o.opened, victim)
	}
	o.opened[id] = c
}

// forget drops all secrets that were opened with a key no longer held.
func (o *Opener) forget(key KeyID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, c := range o.opened {
		if c.key == key {
			delete(o.opened, id)
		}
	}
}
