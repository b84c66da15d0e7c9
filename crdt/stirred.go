package crdt

import (
	"sync/atomic"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// stirred counts the writes to key records and tombs, so that whoever keeps what
// a key opened learns from memory whether to look again. Visits share a count
// with a few others: it moves too often, never too seldom. The zero value is
// ready for use; safe for concurrent use.
type stirred [1 << 14]atomic.Uint64

func (s *stirred) of(visit []byte) *atomic.Uint64 {
	// The end of a visit's id is a hash.
	return &s[(uint(visit[14])<<8|uint(visit[15]))%uint(len(s))]
}

// after notes what a batch has changed. It is called once that can be read.
func (s *stirred) after(b *store.Batch) {
	all := false
	for _, prefix := range []byte{keyKey, keyTomb} {
		all = b.Touched(prefix, func(key []byte) {
			if len(key) >= 1+len(record.VisitID{}) {
				s.of(key[1:]).Add(1)
			}
		}) || all
	}
	for i := range s {
		if !all {
			return
		}
		s[i].Add(1)
	}
}

// watched is a store of whose writes stirred is told.
type watched struct {
	store.Store
	stirred *stirred
}

// Write implements store.Store.
func (w watched) Write(b *store.Batch) (wait func() error, err error) {
	wait, err = w.Store.Write(b)
	w.stirred.after(b)
	return wait, err
}

// Apply implements store.Store.
func (w watched) Apply(b *store.Batch) error {
	wait, err := w.Write(b)
	if err != nil {
		return err
	}
	return wait()
}

// Stirred counts, in memory, what may have changed of the answers that Standing
// and Shredded give for a visit: while it is the same, so are they. Ask it before
// them.
func (r *Replica) Stirred(v record.VisitID) uint64 { return r.stirred.of(v[:]).Load() }
