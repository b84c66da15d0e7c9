package store

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/google/btree"
)

// Mem is a Store in memory that forgets what was not waited for when it
// crashes, for tests, simulation and the demo. It implements Store.
type Mem struct {
	mu sync.Mutex
	// now is what readers see, safe what a crash leaves for certain; pending
	// lies between the two, oldest first.
	now, safe *btree.BTreeG[pair]
	pending   []*Batch
	// safeTo and writtenTo number the batches in safe and in now.
	safeTo, writtenTo uint64
	closed            bool
	rng               *rand.Rand
}

var _ Store = (*Mem)(nil)

type pair struct{ k, v []byte }

// maxPending bounds the memory of writes that nobody waits for: beyond it the
// oldest become durable, as a disk would write them out in its own time.
const maxPending = 1024

// NewMem makes an empty store. seed decides what of the writes in flight a
// Crash leaves.
func NewMem(seed uint64) *Mem {
	less := func(a, b pair) bool { return bytes.Compare(a.k, b.k) < 0 }
	return &Mem{
		now:  btree.NewG(16, less),
		safe: btree.NewG(16, less),
		rng:  rand.New(rand.NewPCG(seed, 0x6d656d)),
	}
}

// Crash closes the store as a power cut would and returns what a start after
// it finds: all that was waited for, and of the later batches the oldest few,
// whole. Waits still outstanding return ErrClosed.
func (m *Mem) Crash() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.settle(m.safeTo + uint64(m.rng.IntN(len(m.pending)+1)))
		m.closed = true
	}
	return m.successor()
}

// Reopen returns the store as a start after Close finds it.
func (m *Mem) Reopen() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.successor()
}

func (m *Mem) successor() *Mem {
	return &Mem{now: m.safe.Clone(), safe: m.safe.Clone(), rng: m.rng}
}

// Get implements Store.
func (m *Mem) Get(key []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	p, ok := m.now.Get(pair{k: key})
	if !ok {
		return nil, ErrNotFound
	}
	return append([]byte{}, p.v...), nil
}

// Scan implements Store.
func (m *Mem) Scan(lo, hi []byte, fn func(k, v []byte) error) error {
	t, err := m.snapshot()
	if err != nil {
		return err
	}
	t.AscendGreaterOrEqual(pair{k: lo}, func(p pair) bool {
		if hi != nil && bytes.Compare(p.k, hi) >= 0 {
			return false
		}
		err = fn(p.k, p.v)
		return err == nil
	})
	return ended(err)
}

// ScanBack implements Store.
func (m *Mem) ScanBack(lo, hi []byte, fn func(k, v []byte) error) error {
	t, err := m.snapshot()
	if err != nil {
		return err
	}
	visit := func(p pair) bool {
		if hi != nil && bytes.Compare(p.k, hi) >= 0 {
			return true // hi itself, which is not in the range
		}
		if bytes.Compare(p.k, lo) < 0 {
			return false
		}
		err = fn(p.k, p.v)
		return err == nil
	}
	if hi == nil {
		t.Descend(visit)
	} else {
		t.DescendLessOrEqual(pair{k: hi}, visit)
	}
	return ended(err)
}

func ended(err error) error {
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

func (m *Mem) snapshot() (*btree.BTreeG[pair], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	return m.now.Clone(), nil
}

// Write implements Store. Errors: ErrClosed.
func (m *Mem) Write(b *Batch) (func() error, error) {
	if b.err != nil {
		return nil, b.err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	if b.Len() == 0 {
		n := m.writtenTo
		return func() error { return m.await(n) }, nil
	}
	own := &Batch{buf: bytes.Clone(b.buf), ops: append([]op(nil), b.ops...)}
	play(m.now, own)
	m.pending = append(m.pending, own)
	m.writtenTo++
	if len(m.pending) > maxPending {
		m.settle(m.safeTo + 1)
	}
	n := m.writtenTo
	return func() error { return m.await(n) }, nil
}

// Apply implements Store.
func (m *Mem) Apply(b *Batch) error {
	wait, err := m.Write(b)
	if err != nil {
		return err
	}
	return wait()
}

// Close implements Store.
func (m *Mem) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.settle(m.writtenTo)
		m.closed = true
	}
	return nil
}

func (m *Mem) await(n uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n <= m.safeTo {
		return nil
	}
	if m.closed {
		return ErrClosed
	}
	m.settle(n)
	return nil
}

// settle makes the batches up to number n durable; mu is held.
func (m *Mem) settle(n uint64) {
	for m.safeTo < n {
		play(m.safe, m.pending[0])
		m.pending[0] = nil
		m.pending = m.pending[1:]
		m.safeTo++
	}
}

func play(t *btree.BTreeG[pair], b *Batch) {
	_ = b.each(func(kind opKind, k, v []byte) error {
		switch kind {
		case opSet:
			t.ReplaceOrInsert(pair{k, v})
		case opDelete:
			t.Delete(pair{k: k})
		case opDeleteRange:
			var doomed []pair
			t.AscendGreaterOrEqual(pair{k: k}, func(p pair) bool {
				if v != nil && bytes.Compare(p.k, v) >= 0 {
					return false
				}
				doomed = append(doomed, p)
				return true
			})
			for _, p := range doomed {
				t.Delete(p)
			}
		}
		return nil
	})
}
