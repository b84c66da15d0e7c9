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
	// maxSending bounds the contexts at work: one for each audience and date
	// that is sealed to within the hour, which are few.
	maxSending = 48
)

// Sealer seals parts. It keeps one context for each audience and date, in
// memory only: a node taken from the wall after a restart cannot open what it
// sealed before. Safe for concurrent use.
type Sealer struct {
	keys func(record.Audience, record.Day) (PublicKey, bool)
	now  func() time.Time

	mu      sync.Mutex
	current map[KeyID]*sending
	turn    uint64 // counts claims
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
	turn   uint64 // of the last claim
}

// NewSealer seals to the public key that keys names, at the time of sealing,
// for an audience and the date on which the seal must die: the key of that
// date or, where there is none, of the nearest earlier one, or one without a
// date. keys must be safe for concurrent use and must not block; now is the
// clock by which contexts are renewed.
func NewSealer(keys func(a record.Audience, until record.Day) (PublicKey, bool), now func() time.Time) *Sealer {
	return &Sealer{
		keys:     keys,
		now:      now,
		current:  map[KeyID]*sending{},
		unstored: map[ContextID]bool{},
	}
}

// Seal seals each part for its audience, all or none, to keys that die on the
// date until or before. version counts the sealings of the visit from 1.
// Errors: ErrNoKey, also when the key named outlives until; ErrTooLong;
// ErrFormat for an audience that has no keys.
//
// Sealed.Contexts names every context used that Stored has not been told of,
// so that each Sealed can be stored on its own, in any order, and opened.
// Sealing one version of a visit again, after a failure to store it, is
// allowed; it costs a new context.
func (s *Sealer) Seal(visit record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (Sealed, error) {
	if version == 0 {
		return Sealed{}, fmt.Errorf("seal version 0: %w", ErrFormat)
	}
	var out Sealed
	for _, a := range slices.Sorted(maps.Keys(parts)) {
		if !hasKeys(a) {
			return Sealed{}, fmt.Errorf("seal for an audience without keys: %w", ErrFormat)
		}
		pub, ok := s.keys(a, until)
		if !ok || pub.Audience != a {
			return Sealed{}, fmt.Errorf("seal for %s: %w", a, ErrNoKey)
		}
		if d, dated := pub.Day(); dated && d > until {
			return Sealed{}, fmt.Errorf("seal for %s: the key dies later than it must: %w", a, ErrNoKey)
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
		wrap.Until = until
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

// claim marks st as used in the current context of the key, or in fresh when
// that one will not do; nil when there is neither.
func (s *Sealer) claim(st stamp, pub PublicKey, fresh *sending) *sending {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.current[pub.ID]
	if c == nil || !c.serves(st, now) {
		if fresh == nil {
			return nil
		}
		c = fresh
		s.makeRoom(pub.ID, now)
		s.current[pub.ID] = c
		s.unstored[c.ID] = true
	}
	s.turn++
	c.turn = s.turn
	c.used[st] = struct{}{}
	return c
}

// makeRoom drops the contexts that are too old to serve and, if there are
// still too many, the one that has not served for longest. What is dropped is
// not cleared: a seal may be using it.
func (s *Sealer) makeRoom(id KeyID, now time.Time) {
	delete(s.current, id)
	maps.DeleteFunc(s.current, func(_ KeyID, c *sending) bool { return !c.fresh(now) })
	for len(s.current) >= maxSending {
		var oldest KeyID
		turn := s.turn + 1
		for id, c := range s.current {
			if c.turn < turn {
				oldest, turn = id, c.turn
			}
		}
		delete(s.current, oldest)
	}
}

func (c *sending) fresh(now time.Time) bool {
	age := now.Sub(c.born)
	return age >= 0 && age < contextAge
}

func (c *sending) serves(st stamp, now time.Time) bool {
	_, repeat := c.used[st]
	return c.fresh(now) && len(c.used) < contextWraps && !repeat
}
