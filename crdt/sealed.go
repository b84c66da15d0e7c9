package crdt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Key records and sealed parts are sets of their own, beside the log that
// carries them: of several versions of a part the highest stands (of equal
// ones the later, then the greater bytes), and of key records a shredded one
// stands against all.
const (
	keyLive     = 1
	keyShredded = 2
)

// ranks are the values that a batch under way has given to keys of the sets.
type ranks map[string][]byte

func (n ranks) set(b *store.Batch, key, value []byte) {
	n[string(key)] = value
	b.Set(key, value)
}

// stageSealed folds one sealed record into the sets. fresh: nothing can stand
// against it.
func (r *Replica) stageSealed(b *store.Batch, n ranks, s record.SealedEntry, fresh bool) error {
	k, value := record.PartKey{Visit: s.Visit, Audience: s.Audience}, ranked(s)
	var key, prefix []byte
	switch s.Kind {
	case record.PartPut:
		key = partKey(keyPart, k)
	case record.KeyPut:
		key, prefix = partKey(keyKey, k), []byte{keyLive}
	case record.ContextPut:
		if len(s.Context) > 0 {
			b.Set(append([]byte{keyContext}, s.Context...), s.Box)
		}
	case record.Shred:
		n.set(b, partKey(keyKey, k), []byte{keyShredded})
		b.Delete(partKey(keyPart, k))
	}
	if key == nil {
		return nil
	}
	if !fresh {
		if yes, err := r.outranks(n, key, prefix, value); err != nil || !yes {
			return err
		}
	}
	n.set(b, key, append(prefix, value...))
	return nil
}

// ranked is what stands of a part or key: its rank, then its bytes.
func ranked(s record.SealedEntry) []byte {
	b := make([]byte, 0, 12+len(s.Box))
	b = binary.BigEndian.AppendUint32(b, s.Version)
	b = binary.BigEndian.AppendUint64(b, uint64(s.At))
	return append(b, s.Box...)
}

// outranks reports whether value stands before what is under key, in the
// batch that is being built or in the store. prefix marks key records.
func (r *Replica) outranks(n ranks, key, prefix, value []byte) (bool, error) {
	old, ok := n[string(key)]
	if !ok {
		var err error
		if old, err = r.store.Get(key); errors.Is(err, store.ErrNotFound) {
			return true, nil
		} else if err != nil {
			return false, fmt.Errorf("read what stands: %w", err)
		}
	}
	if len(prefix) > 0 {
		if len(old) == 0 || old[0] == keyShredded {
			return false, nil
		}
		old = old[len(prefix):]
	}
	return bytes.Compare(value, old) > 0, nil
}

// SealedPart is a part of a visit's particulars as it is stored, with the
// record of its key.
type SealedPart struct {
	Version uint32
	Box     []byte
	Key     []byte
}

// Sealed is the standing version of a part. Errors: ErrErased when its key
// has been shredded, ErrUnknownVisit when there is no such part (or its key
// has not come yet).
func (r *Replica) Sealed(k record.PartKey) (SealedPart, error) {
	key, err := r.store.Get(partKey(keyKey, k))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return SealedPart{}, ErrUnknownVisit
	case err != nil:
		return SealedPart{}, fmt.Errorf("read key record: %w", err)
	case len(key) > 0 && key[0] == keyShredded:
		return SealedPart{}, ErrErased
	case len(key) < 13:
		return SealedPart{}, fmt.Errorf("key record of %d bytes: %w", len(key), ErrUnknownVisit)
	}
	part, err := r.store.Get(partKey(keyPart, k))
	if errors.Is(err, store.ErrNotFound) || (err == nil && len(part) < 12) {
		return SealedPart{}, ErrUnknownVisit
	}
	if err != nil {
		return SealedPart{}, fmt.Errorf("read sealed part: %w", err)
	}
	p := SealedPart{Version: binary.BigEndian.Uint32(part), Box: part[12:], Key: key[13:]}
	if binary.BigEndian.Uint32(key[1:]) != p.Version {
		return SealedPart{}, ErrUnknownVisit
	}
	return p, nil
}

// Context is the encapsulation that wrapped keys refer to by id; false when
// it is not known here.
func (r *Replica) Context(id []byte) ([]byte, bool) {
	b, err := r.store.Get(append([]byte{keyContext}, id...))
	return b, err == nil
}
