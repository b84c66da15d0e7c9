package identity

import (
	"crypto/sha256"
	"slices"
	"sync"
)

// Keeper keeps a Roster's records. It never sees the same record twice from
// one Roster; what it holds is public within the campus.
type Keeper interface {
	// Load returns everything that was appended, in any order.
	Load() ([][]byte, error)
	// Append adds a record; it is durable when Append returns. raw must not be
	// changed.
	Append(raw []byte) error
}

// MemKeeper keeps records in memory. The zero value is ready for use.
type MemKeeper struct {
	mu   sync.Mutex
	raws [][]byte
}

// Load implements [Keeper].
func (m *MemKeeper) Load() ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([][]byte(nil), m.raws...), nil
}

// Append implements [Keeper].
func (m *MemKeeper) Append(raw []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.raws = append(m.raws, raw)
	return nil
}

// Remove implements [Pruner].
func (m *MemKeeper) Remove(ids []RecordID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.raws = slices.DeleteFunc(slices.Clone(m.raws), func(raw []byte) bool {
		return slices.Contains(ids, sha256.Sum256(raw))
	})
	return nil
}
