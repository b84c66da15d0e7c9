package sheet

import "sync"

// Memo remembers what was read from the settings until one of them changes. The
// zero Memo has read nothing. Safe for concurrent use; what it gives is shared,
// and nothing in it may be changed.
type Memo[T any] struct {
	mu      sync.Mutex
	version uint64
	also    string
	read    bool
	all     []T
}

// Of is what read gives, called anew when a setting has changed since, or also,
// which stands for all else that read goes by.
func (m *Memo[T]) Of(s Settings, also string, read func() []T) []T {
	v := s.SettingsVersion()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.read || m.version != v || m.also != also {
		m.all, m.version, m.also, m.read = read(), v, also, true
	}
	return m.all
}

// Forget keeps nothing of it in memory.
func (m *Memo[T]) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all, m.read = nil, false
}

// Held is how many are in memory.
func (m *Memo[T]) Held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.all)
}
