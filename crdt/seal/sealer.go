package seal

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// contextAge and contextWraps bound what one leaked secret opens.
	contextAge   = time.Hour
	contextWraps = 10_000
)

// Sealer seals parts. It keeps one context for each audience key, in memory
// only: a node taken from the wall after a restart cannot open what it sealed
// before. Safe for concurrent use.
type Sealer struct {
	keys func(record.Audience) (PublicKey, bool)
	now  func() time.Time

	mu      sync.Mutex
	current map[record.Audience]*sending
	// unstored are the contexts that Seal returned and Stored has not heard of.
	unstored map[ContextID]bool
}

// sending is a context at work. used names what it has wrapped: a stamp gives
// the nonce, so none may come twice. The fields below pub are guarded by the
// Sealer's mutex.
type sending struct {
	Context
	secret secret
	pub    PublicKey
	born   time.Time
	used   map[stamp]struct{}
}

// NewSealer seals to the public key that keys names for an audience at the
// time of sealing. keys must be safe for concurrent use and must not block;
// now is the clock by which contexts are renewed.
func NewSealer(keys func(record.Audience) (PublicKey, bool), now func() time.Time) *Sealer {
	return &Sealer{
		keys:     keys,
		now:      now,
		current:  map[record.Audience]*sending{},
		unstored: map[ContextID]bool{},
	}
}

// Seal seals each part for its audience, all or none. version counts the
// sealings of the visit from 1. Errors: ErrNoKey, ErrTooLong, ErrFormat for an
// audience that does not exist.
//
// Sealed.Contexts names every context used that Stored has not been told of,
// so that each Sealed can be stored on its own, in any order, and opened.
// Sealing one version of a visit again, after a failure to store it, is
// allowed; it costs a new context.
func (s *Sealer) Seal(visit record.VisitID, version uint32, parts map[record.Audience][]byte) (Sealed, error) {
	if version == 0 {
		return Sealed{}, fmt.Errorf("seal version 0: %w", ErrFormat)
	}
	var out Sealed
	for _, a := range slices.Sorted(maps.Keys(parts)) {
		if !known(a) {
			return Sealed{}, fmt.Errorf("seal for an unknown audience: %w", ErrFormat)
		}
		pub, ok := s.keys(a)
		if !ok || pub.Audience != a {
			return Sealed{}, fmt.Errorf("seal for %s: %w", a, ErrNoKey)
		}
		st := stamp{visit, a, version}
		key, box, err := sealPart(st, parts[a])
		if err != nil {
			return Sealed{}, fmt.Errorf("seal for %s: %w", a, err)
		}
		wrap, c, err := s.wrap(st, pub, key)
		clear(key)
		if err != nil {
			return Sealed{}, fmt.Errorf("seal for %s: %w", a, err)
		}
		out.Parts = append(out.Parts, Part{Audience: a, Version: version, Box: box})
		out.Wraps = append(out.Wraps, wrap)
		if s.isUnstored(c.ID) {
			out.Contexts = append(out.Contexts, Context{ID: c.ID, KeyID: c.KeyID, Enc: slices.Clone(c.Enc)})
		}
	}
	return out, nil
}

// Stored tells the sealer that these contexts are durable, so that Seal need
// not return them again.
func (s *Sealer) Stored(contexts ...Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range contexts {
		delete(s.unstored, c.ID)
	}
}

func (s *Sealer) isUnstored(id ContextID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unstored[id]
}

func (s *Sealer) wrap(st stamp, pub PublicKey, key []byte) (Wrap, Context, error) {
	c, err := s.context(st, pub)
	if err != nil {
		return Wrap{}, Context{}, err
	}
	box, err := c.secret.wrap(st, c.ID, pub.ID, key)
	if err != nil {
		return Wrap{}, Context{}, err
	}
	return Wrap{Audience: st.audience, Version: st.version, KeyID: pub.ID, Context: c.ID, Box: box}, c.Context, nil
}

// context returns the context in which st may be wrapped, once, renewing it
// when it is due or has wrapped st before. The encapsulation is made without
// the lock; of two made at once the first to come back serves both.
func (s *Sealer) context(st stamp, pub PublicKey) (*sending, error) {
	if c := s.claim(st, pub, nil); c != nil {
		return c, nil
	}
	if err := pub.Check(); err != nil {
		return nil, err
	}
	ctx, sec, err := newContext(pub)
	if err != nil {
		return nil, err
	}
	return s.claim(st, pub, &sending{Context: ctx, secret: sec, pub: pub, born: s.now(), used: map[stamp]struct{}{}}), nil
}

// claim marks st as used in the current context, or in fresh when the current
// one will not do; nil when there is neither.
func (s *Sealer) claim(st stamp, pub PublicKey, fresh *sending) *sending {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.current[st.audience]
	if c == nil || !c.serves(st, pub, now) {
		if fresh == nil {
			return nil
		}
		c = fresh
		s.current[st.audience] = c
		s.unstored[c.ID] = true
	}
	c.used[st] = struct{}{}
	return c
}

func (c *sending) serves(st stamp, pub PublicKey, now time.Time) bool {
	age := now.Sub(c.born)
	_, repeat := c.used[st]
	return c.pub.ID == pub.ID && age >= 0 && age < contextAge && len(c.used) < contextWraps && !repeat
}
