package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/upprop/upprop/crdt/record"
)

// state is all that a vault holds. It is never changed once it is current:
// changes are made to a clone. Keys are shared between clones.
type state struct {
	// gen is the last generation given to a bucket key; none is given twice.
	gen uint32
	// buckets are the keys of each date, oldest first. The last is current;
	// there are others only while a renewal is under way.
	buckets map[record.Day][]*bucketKey
	keys    map[KeyID]held
	pin     *pinLock  // nil: no PIN
	pass    *passLock // nil: no passphrase
	// locked: there is a PIN, and no private deadline key is in memory.
	locked bool
}

// bucketKey is one generation of a date's key. raw is read by writers of the
// file only, and cleared when the key is dropped.
type bucketKey struct {
	gen  uint32
	raw  *[keySize]byte
	aead cipher.AEAD
	// used: something may rest under this key.
	used atomic.Bool
}

// held is a private deadline key: open, or in the box that the PIN opens, or
// both.
type held struct {
	pub PublicKey
	// open.key is nil while names are locked.
	open PrivateKey
	box  []byte
}

func newState() *state {
	return &state{buckets: map[record.Day][]*bucketKey{}, keys: map[KeyID]held{}}
}

func (s *state) clone() *state {
	c := *s
	c.buckets, c.keys = maps.Clone(s.buckets), maps.Clone(s.keys)
	return &c
}

func newBucketKey(gen uint32, raw []byte) *bucketKey {
	k := &bucketKey{gen: gen, raw: (*[keySize]byte)(bytes.Clone(raw))}
	k.aead, _ = chacha20poly1305.NewX(k.raw[:]) // fails on another length only
	return k
}

// addBucketKey makes a new key the current one of a date.
func (s *state) addBucketKey(day record.Day) error {
	if s.bucketCount() >= maxBuckets || s.gen == math.MaxUint32 {
		return fmt.Errorf("make a bucket key: %w", ErrFull)
	}
	s.gen++
	raw := make([]byte, keySize)
	defer clear(raw)
	_, _ = rand.Read(raw) // never fails
	s.buckets[day] = append(slices.Clone(s.buckets[day]), newBucketKey(s.gen, raw))
	return nil
}

// bucketCount is how many bucket keys there are, of all dates.
func (s *state) bucketCount() (n int) {
	for _, b := range s.buckets {
		n += len(b)
	}
	return n
}

// current is the key under which records of the date are put to rest; nil
// when there is none.
func (s *state) current(day record.Day) *bucketKey {
	b := s.buckets[day]
	if len(b) == 0 {
		return nil
	}
	return b[len(b)-1]
}

func (s *state) bucketKey(day record.Day, gen uint32) *bucketKey {
	for _, k := range s.buckets[day] {
		if k.gen == gen {
			return k
		}
	}
	return nil
}

// clearAllBut overwrites in memory the bucket keys that next does not hold.
// What a cipher holds of them is left to the collector.
func (s *state) clearAllBut(next *state) {
	for day, b := range s.buckets {
		for _, k := range b {
			if next.bucketKey(day, k.gen) != k {
				clear(k.raw[:])
			}
		}
	}
}
