// Package store is the durable floor of the register: ordered keys and values,
// written in atomic batches, on disk ([Disk]) or in memory ([Mem]). It is the
// only importer of pebble. It is not a place for meaning: it does not know
// what an event, a visit or a key record is, and it does not erase (see the
// vault in crdt/seal for that).
//
// Invariant: once a wait function has returned nil, its batch and every batch
// written before it survive a crash, whole and in order. So does all that is
// there when a store is opened.
package store

import "errors"

// Errors that a Store returns, matched with errors.Is.
var (
	// ErrNotFound means that the key holds no value.
	ErrNotFound = errors.New("key not found")
	// ErrStop is returned by a scan callback to end the scan without error.
	ErrStop = errors.New("stop the scan")
	// ErrClosed means that the store has been closed, or has crashed.
	ErrClosed = errors.New("store is closed")
	// ErrLocked means that another process, or another store in this one,
	// holds the folder. What Open returns names the process, where it can.
	ErrLocked = errors.New("another upprop is already running on this data folder: stop it, or use another --data")
	// ErrNewer means that the folder has a format that this release does not
	// know. Nothing in the folder has been changed.
	ErrNewer = errors.New("this data folder was written by a newer release of upprop: install that release, or restore a backup made by this one")
	// ErrFull means that too little disk is free; the batch was refused whole
	// and nothing of it was written. Reading goes on. Try again later.
	ErrFull = errors.New("the disk is almost full")
	// ErrBroken means that the disk failed under a write. The batch may or may
	// not survive; it must not be acknowledged. The process must end and open
	// the store anew. Reading goes on meanwhile, and may show batches that
	// never became durable.
	ErrBroken = errors.New("the disk failed while writing: nothing more is saved until upprop is restarted")
)

// Store keeps keys and values in key order. All methods are safe for
// concurrent use, also from within scan callbacks, except Close, which waits
// for running calls to return.
type Store interface {
	// Get returns a copy of the value; ErrNotFound when there is none.
	Get(key []byte) ([]byte, error)
	// Scan calls fn for the keys in [lo, hi) in ascending order, as they stood
	// at one moment, whatever is written meanwhile. A nil lo is the beginning,
	// a nil hi the end. k and v are valid during the call only and must not be
	// changed. ErrStop from fn ends the scan without error; any other error
	// ends it and is returned.
	Scan(lo, hi []byte, fn func(k, v []byte) error) error
	// ScanBack is Scan in descending order.
	ScanBack(lo, hi []byte, fn func(k, v []byte) error) error
	// Write puts the batch in line: it is visible to Get and Scan when Write
	// returns, and durable when wait returns nil. Batches become visible and
	// durable in the order of their writing. Many waiters share one fsync.
	// The batch is the caller's again when Write returns. wait blocks; it may
	// be called from any goroutine, any number of times, or never, which
	// leaves the batch to become durable in its own time. An empty batch
	// writes nothing; its wait waits for the batches before it.
	Write(b *Batch) (wait func() error, err error)
	// Apply is Write and wait.
	Apply(b *Batch) error
	// Close makes all that was written durable and lets go of the folder.
	// Idempotent: later calls return what the first returned.
	Close() error
}

// Prefix is the range [lo, hi) of all keys that begin with p, for Scan and
// DeleteRange. hi is nil, the end, when no key lies behind the prefix.
func Prefix(p []byte) (lo, hi []byte) {
	lo = append([]byte{}, p...)
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] != 0xff {
			hi = append([]byte{}, p[:i+1]...)
			hi[i]++
			return lo, hi
		}
	}
	return lo, nil
}
