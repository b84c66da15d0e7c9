package seal

import (
	"fmt"
	"sync"

	"github.com/upprop/upprop/crdt/record"
)

// maxOpened bounds the memory for opened contexts, some 64 bytes each.
const maxOpened = 8192

// Opener opens parts with the private keys of a vault. It remembers the
// secrets of contexts it has opened, for as long as the vault holds their key
// and names are not locked. Safe for concurrent use.
type Opener struct {
	vault  *Vault
	lookup func(ContextID) (Context, bool)
	dead   func(record.Day) bool

	mu     sync.Mutex
	opened map[ContextID]openedContext
}

// openedContext owns its secret, which is cleared when it is forgotten.
type openedContext struct {
	key    KeyID
	secret *secret
}

// OpenerOption is a choice for NewOpener.
type OpenerOption func(*Opener)

// WithDead makes an opener refuse, with ErrExpired, what is wrapped for dates
// that dead says have passed, though the vault has not destroyed their keys yet.
// A wrap's date is its Until or, where that is not set, that of its key: what was
// sealed when no key ahead was known is read for as long as the key is there, and
// never beyond its own date. dead must be safe for concurrent use and must not
// block.
func WithDead(dead func(record.Day) bool) OpenerOption { return func(o *Opener) { o.dead = dead } }

// NewOpener opens with the vault's keys. lookup finds a stored context; it
// must be safe for concurrent use.
func NewOpener(v *Vault, lookup func(ContextID) (Context, bool), options ...OpenerOption) *Opener {
	o := &Opener{
		vault: v, lookup: lookup, dead: func(record.Day) bool { return false },
		opened: map[ContextID]openedContext{},
	}
	for _, option := range options {
		option(o)
	}
	v.watch(o)
	return o
}

// Open returns the content of a part. The slice is the caller's, who should
// clear it when done. Errors: ErrNotForUs, ErrLocked, ErrExpired,
// ErrNoContext, ErrAltered.
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
	key, err := o.vault.cur.Load().private(w.KeyID)
	if err != nil {
		return nil, err
	}
	if key.pub.Audience != w.Audience {
		return nil, ErrAltered
	}
	if o.over(key, w) {
		return nil, ErrExpired
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

// Check reports whether Open would find a key for what is wrapped, for those
// who keep what they have opened: an error means that they must forget it.
// Errors: ErrNotForUs, ErrLocked, ErrExpired, ErrAltered.
func (o *Opener) Check(w Wrap) error {
	key, err := o.vault.cur.Load().private(w.KeyID)
	if err != nil {
		return err
	}
	if o.over(key, w) {
		return ErrExpired
	}
	return nil
}

// over reports whether the date of a wrap has passed.
func (o *Opener) over(key PrivateKey, w Wrap) bool {
	d, dated := key.pub.Day()
	return dated && o.dead(max(d, w.Until))
}

func (o *Opener) secret(w Wrap, key PrivateKey) (secret, error) {
	if sec, key, ok := o.remembered(w.Context); ok {
		if key != w.KeyID {
			return secret{}, ErrAltered
		}
		return sec, nil
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
	o.remember(w.Context, w.KeyID, sec)
	return sec, nil
}

func (o *Opener) remembered(id ContextID) (secret, KeyID, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, ok := o.opened[id]
	if !ok {
		return secret{}, KeyID{}, false
	}
	return *c.secret, c.key, true
}

func (o *Opener) remember(id ContextID, key KeyID, sec secret) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for victim := range o.opened {
		if len(o.opened) < maxOpened {
			break
		}
		o.forget(victim)
	}
	// The key may have gone since it opened this; forgetLost either comes
	// after this, or has happened and is seen here.
	if _, err := o.vault.cur.Load().private(key); err == nil {
		o.forget(id)
		o.opened[id] = openedContext{key, &sec}
	}
}

// forgetLost drops all secrets whose key the vault does not have open. The
// vault calls it after every change.
func (o *Opener) forgetLost() {
	s := o.vault.cur.Load()
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, c := range o.opened {
		if _, err := s.private(c.key); err != nil {
			o.forget(id)
		}
	}
}

// forget clears a secret. The caller holds o.mu.
func (o *Opener) forget(id ContextID) {
	if c, ok := o.opened[id]; ok {
		clear(c.secret[:])
		delete(o.opened, id)
	}
}
