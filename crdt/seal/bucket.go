package seal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// restVersion is the first byte of every record at rest.
	restVersion = 1
	restHead    = 1 + 4 + chacha20poly1305.NonceSizeX
	// RestExtra is how much longer a record at rest is than the record.
	RestExtra = restHead + chacha20poly1305.Overhead

	// keysAhead is for how many dates keys are made at once: dates come one
	// after another, and each writing of the file waits for the disk.
	keysAhead = 7
	// lastDay is 9999-12-31.
	lastDay record.Day = 2932896
)

// Lock encrypts a key record for rest under the current bucket key of its
// date; where there is none, it makes one, and those of the next few dates,
// durable before it returns. ad is authenticated, and needed to unlock. A call
// must not overlap with the time between Renew and Retire of the date, but for
// the caller's own rewriting. Errors: ErrFull, ErrFormat for a date before
// 1970 or after 9999, or what the file system says.
func (v *Vault) Lock(date record.Day, ad, plain []byte) ([]byte, error) {
	k := v.cur.Load().current(date)
	if k == nil || v.unsure.Load() && int64(date) <= v.doubt.Load() {
		if err := v.makeBuckets(date); err != nil {
			return nil, err
		}
		if k = v.cur.Load().current(date); k == nil {
			return nil, fmt.Errorf("lock a key record: %w", ErrExpired)
		}
	}
	k.used.Store(true)
	out := make([]byte, restHead, RestExtra+len(plain))
	out[0] = restVersion
	binary.BigEndian.PutUint32(out[1:], k.gen)
	nonce := out[5:restHead]
	_, _ = rand.Read(nonce) // never fails
	return k.aead.Seal(out, nonce, plain, restData(date, k.gen, ad)), nil
}

// Unlock is the key record that Lock put to rest. Errors: ErrShredded when its
// bucket key is gone, ErrAltered when record, date or ad are not what Lock had,
// ErrFormat.
func (v *Vault) Unlock(date record.Day, ad, locked []byte) ([]byte, error) {
	if len(locked) < RestExtra || locked[0] != restVersion {
		return nil, fmt.Errorf("unlock a key record: %w", ErrFormat)
	}
	gen := binary.BigEndian.Uint32(locked[1:])
	k := v.cur.Load().bucketKey(date, gen)
	if k == nil {
		return nil, fmt.Errorf("unlock a key record: %w", ErrShredded)
	}
	plain, err := k.aead.Open(nil, locked[5:restHead], locked[restHead:], restData(date, gen, ad))
	if err != nil {
		return nil, fmt.Errorf("unlock a key record: %w", ErrAltered)
	}
	return plain, nil
}

func restData(date record.Day, gen uint32, ad []byte) []byte {
	b := make([]byte, 0, 32+len(ad))
	b = append(b, "upprop/rest/1"...)
	b = binary.BigEndian.AppendUint32(b, uint32(date))
	b = binary.BigEndian.AppendUint32(b, gen)
	return append(b, ad...)
}

func (v *Vault) makeBuckets(date record.Day) error {
	if date < 0 || date > lastDay {
		return fmt.Errorf("make bucket keys: date out of range: %w", ErrFormat)
	}
	return v.change("make bucket keys", func(s *state) (changed bool, err error) {
		for d := date; d < date+keysAhead && d <= lastDay; d++ {
			if s.current(d) != nil {
				continue
			}
			if err := s.addBucketKey(d); err != nil {
				return false, err
			}
			changed = true
		}
		return changed, nil
	})
}

// Renew makes a new bucket key for the date the current one, and keeps the
// older beside it, so that the survivors of a shredding can be put to rest
// anew. It makes a new key even when an earlier renewal is unfinished, because
// what rests under that one's key may have been shredded since; unless nothing
// has been locked under it. A date without a key is not an error: there is
// nothing to renew. Errors: ErrFull, or what the file system says.
func (v *Vault) Renew(date record.Day) error {
	return v.change("renew a bucket key", func(s *state) (bool, error) {
		k := s.current(date)
		if k == nil || len(s.buckets[date]) > 1 && !k.used.Load() {
			return false, nil
		}
		return true, s.addBucketKey(date)
	})
}

// Retire destroys all bucket keys of the date but the current one. What rests
// under them can never be unlocked again.
func (v *Vault) Retire(date record.Day) error {
	return v.change("retire a bucket key", func(s *state) (bool, error) {
		b := s.buckets[date]
		if len(b) < 2 {
			return false, nil
		}
		s.buckets[date] = []*bucketKey{b[len(b)-1]}
		return true, nil
	})
}

// Unfinished lists, in order, the dates that were renewed and not retired.
func (v *Vault) Unfinished() (out []record.Day) {
	s := v.cur.Load()
	for _, d := range slices.Sorted(maps.Keys(s.buckets)) {
		if len(s.buckets[d]) > 1 {
			out = append(out, d)
		}
	}
	return out
}

// Expire destroys every bucket key and every deadline key whose date is day or
// earlier; keys without a date stay. Works while names are locked. It does not
// remember the date: a key that is granted, or a record that is locked, for a
// dead date later makes a key that the next call destroys.
func (v *Vault) Expire(day record.Day) error {
	return v.change("expire keys", func(s *state) (bool, error) {
		nb, nk := len(s.buckets), len(s.keys)
		maps.DeleteFunc(s.buckets, func(d record.Day, _ []*bucketKey) bool { return d <= day })
		maps.DeleteFunc(s.keys, func(_ KeyID, h held) bool {
			d, dated := h.pub.Day()
			return dated && d <= day
		})
		return len(s.buckets) != nb || len(s.keys) != nk, nil
	})
}

// Dates lists, in order, the dates for which any key is held.
func (v *Vault) Dates() []record.Day {
	s := v.cur.Load()
	days := map[record.Day]bool{}
	for d := range s.buckets {
		days[d] = true
	}
	for _, h := range s.keys {
		if d, dated := h.pub.Day(); dated {
			days[d] = true
		}
	}
	return slices.Sorted(maps.Keys(days))
}

// Expirable is Dates, for a caller that lets one date die at a time: the first
// is the next to give to Expire.
func (v *Vault) Expirable() []record.Day { return v.Dates() }
