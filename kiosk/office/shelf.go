package office

import (
	"cmp"
	"crypto/rand"
	"sync"
	"time"
)

// shelf keeps values under one-time ids for a while, never more than max; the
// oldest go first, and what is out of date goes when its time has come. Safe for
// concurrent use.
type shelf[V any] struct {
	max int
	ttl time.Duration

	mu    sync.Mutex
	held  map[string]*kept[V]
	order []string
}

type kept[V any] struct {
	ready chan struct{} // closed when v and err are set
	v     V
	err   error
	timer *time.Timer
}

func newShelf[V any](max int, ttl time.Duration) *shelf[V] {
	return &shelf[V]{max: max, ttl: ttl, held: map[string]*kept[V]{}}
}

// once gives what fn gave under this id the first time. What failed is
// forgotten, so that it can be tried again.
func (s *shelf[V]) once(id string, fn func() (V, error)) (V, error) {
	s.mu.Lock()
	if k, ok := s.held[id]; ok {
		s.mu.Unlock()
		<-k.ready
		return k.v, k.err
	}
	k := &kept[V]{ready: make(chan struct{})}
	for len(s.order) >= s.max {
		s.dropLocked(s.order[0])
	}
	s.held[id] = k
	s.order = append(s.order, id)
	k.timer = time.AfterFunc(s.ttl, func() { s.drop(id) })
	s.mu.Unlock()
	k.v, k.err = fn()
	close(k.ready)
	if k.err != nil {
		s.drop(id)
	}
	return k.v, k.err
}

// formID is the id that a form was given when its page was made, by which what it asks
// for is done once however often it is sent; a new one where it has none.
func formID(r request) string { return cmp.Or(r.Field("form"), rand.Text()) }

// put keeps a value under a new id.
func (s *shelf[V]) put(id string, v V) {
	_, _ = s.once(id, func() (V, error) { return v, nil })
}

func (s *shelf[V]) get(id string) (v V, ok bool) {
	s.mu.Lock()
	k := s.held[id]
	s.mu.Unlock()
	if k == nil {
		return v, false
	}
	<-k.ready
	return k.v, k.err == nil
}

func (s *shelf[V]) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(id)
}

func (s *shelf[V]) dropLocked(id string) {
	if k, ok := s.held[id]; ok {
		k.timer.Stop()
		delete(s.held, id)
	}
	for i, other := range s.order {
		if other == id {
			s.order = append(s.order[:i:i], s.order[i+1:]...)
			return
		}
	}
}

// empty forgets everything.
func (s *shelf[V]) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.held {
		k.timer.Stop()
	}
	clear(s.held)
	s.order = nil
}
