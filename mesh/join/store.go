package join

import (
	"slices"
	"sync"

	"github.com/upprop/upprop/mesh/identity"
)

// TokenStore keeps what a Desk must not forget. The values hold secrets of
// open tokens: keep them where the node keeps its own.
type TokenStore interface {
	// LoadTokens returns the last value put of every token not deleted.
	LoadTokens() ([][]byte, error)
	// PutToken replaces the value of a token; it is durable when PutToken
	// returns.
	PutToken(id identity.TokenID, state []byte) error
	// DeleteToken forgets a token; durable when it returns, no error if it was
	// not there.
	DeleteToken(id identity.TokenID) error
}

// MemTokens keeps tokens in memory. The zero value is ready for use.
type MemTokens struct {
	mu sync.Mutex
	m  map[identity.TokenID][]byte
}

// LoadTokens implements [TokenStore].
func (s *MemTokens) LoadTokens() ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out [][]byte
	for _, b := range s.m {
		out = append(out, slices.Clone(b))
	}
	return out, nil
}

// PutToken implements [TokenStore].
func (s *MemTokens) PutToken(id identity.TokenID, state []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[identity.TokenID][]byte{}
	}
	s.m[id] = slices.Clone(state)
	return nil
}

// DeleteToken implements [TokenStore].
func (s *MemTokens) DeleteToken(id identity.TokenID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, id)
	return nil
}
