package crdt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Locker encrypts key records for rest, each under the bucket key of the date
// on which it must die, and destroys bucket keys. All methods are safe for
// concurrent use. Wherever a bucket key is gone for ever the error matches
// ErrExpired; any other error is taken for one that passes.
type Locker interface {
	// Lock encrypts plain under the newest bucket key of date, which it makes,
	// durably, where there is none. It must be quick: it is called while
	// nothing else can be written.
	Lock(date record.Day, ad, plain []byte) (locked []byte, err error)
	// Unlock opens what Lock returned.
	Unlock(date record.Day, ad, locked []byte) ([]byte, error)
	// Renew makes a new bucket key for date, durably; what was locked under
	// older ones stays readable. It makes one also where an earlier renewal
	// was cut.
	Renew(date record.Day) error
	// Retire destroys all bucket keys of date but the newest.
	Retire(date record.Day) error
	// Unfinished are the dates that were renewed and not retired.
	Unfinished() []record.Day
}

// noLocker leaves key records as they came.
type noLocker struct{}

func (noLocker) Lock(_ record.Day, _, plain []byte) ([]byte, error)    { return plain, nil }
func (noLocker) Unlock(_ record.Day, _, locked []byte) ([]byte, error) { return locked, nil }
func (noLocker) Renew(record.Day) error                                { return nil }
func (noLocker) Retire(record.Day) error                               { return nil }
func (noLocker) Unfinished() []record.Day                              { return nil }

// States of a key record.
const (
	// keyInline: of an older release, its wrapped key as the log holds it.
	keyInline = 1
	// keyShredded stands against all others.
	keyShredded = 2
	// keyLocked: its wrapped key encrypted by the Locker.
	keyLocked = 3
	// keyHollow: it came without its wrapped key, rightly.
	keyHollow = 4
)

// rank orders the versions of a part and of its key: version, time and author.
// It is the same for part and key of one sealing, and on every node.
type rank [4 + 8 + 16]byte

func rankOf(s record.SealedEntry, author record.NodeID) (k rank) {
	binary.BigEndian.PutUint32(k[:], s.Version)
	binary.BigEndian.PutUint64(k[4:], uint64(s.At))
	copy(k[12:], author[:])
	return k
}

func (k rank) author() record.NodeID { return record.NodeID(k[12:]) }

func (k rank) version() uint32 { return binary.BigEndian.Uint32(k[:]) }

func (k rank) below(o rank) bool { return bytes.Compare(k[:], o[:]) < 0 }

// weight is a rank behind the right to it: what is sealed by who may not
// outrank others comes below all that is sealed by who may.
type weight [1 + len(rank{})]byte

// weigh gives a rank its weight. Who drew the visit may outrank, and whose role
// belongs to the audience.
func (r *Replica) weigh(k record.PartKey, at rank) (w weight) {
	if k.Visit.OwnedBy(at.author()) || r.cfg.MaySeal == nil || r.cfg.MaySeal(at.author(), k.Audience) {
		w[0] = 1
	}
	copy(w[1:], at[:])
	return w
}

func (w weight) below(o weight) bool { return bytes.Compare(w[:], o[:]) < 0 }

// keyRow is the value of a key record: state, rank, hash, date, box.
type keyRow struct {
	state byte
	rank  rank
	hash  [32]byte
	until record.Day
	box   []byte
	// from names the entry of one that has just come; it is not kept here.
	from []byte
}

const keyRowFixed = 1 + len(rank{}) + 32 + 4

func (w keyRow) encode() []byte {
	b := make([]byte, 0, keyRowFixed+len(w.box))
	b = append(b, w.state)
	b = append(b, w.rank[:]...)
	b = append(b, w.hash[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(int32(w.until)))
	return append(b, w.box...)
}

// parseKeyRow reads what encode wrote; box aliases b.
func parseKeyRow(b []byte) (w keyRow, err error) {
	if len(b) < keyRowFixed {
		return w, fmt.Errorf("key record of %d bytes: %w", len(b), errStored)
	}
	w.state, w.rank = b[0], rank(b[1:])
	b = b[1+len(w.rank):]
	w.hash, w.until, w.box = [32]byte(b), record.Day(int32(binary.BigEndian.Uint32(b[32:]))), b[36:]
	return w, nil
}

// is reports whether o is the record of the same sealing.
func (w keyRow) is(o keyRow) bool { return w.rank == o.rank && w.hash == o.hash }

var errStored = errors.New("the store holds what was not written so")

// below says whether o stands before w. Weight decides; the hash settles what
// only a node that wrote two at one moment can bring about.
func (r *Replica) below(k record.PartKey, w, o keyRow) bool {
	if w.rank != o.rank {
		return r.weigh(k, w.rank).below(r.weigh(k, o.rank))
	}
	return bytes.Compare(w.hash[:], o.hash[:]) < 0
}

// rowOf is the row that a KeyPut asks for. locked is its wrapped key under the
// Locker, nil where it came without.
func rowOf(s record.SealedEntry, author record.NodeID, locked []byte) keyRow {
	w := keyRow{state: keyLocked, rank: rankOf(s, author), until: s.Until, box: locked}
	switch {
	case s.Until == 0:
		w.state, w.hash, w.box = keyInline, sha256.Sum256(s.Box), s.Box
	case locked == nil:
		w.state = keyHollow
		fallthrough
	default:
		copy(w.hash[:], s.Hash)
	}
	return w
}

// lockData binds a wrapped key at rest to what it is for.
func lockData(k record.PartKey, version uint32) []byte {
	b := append([]byte("upprop/key-record/1\x00"), k.Visit[:]...)
	b = binary.BigEndian.AppendUint32(b, version)
	return append(b, k.Audience...)
}

// gone says whether a Locker's error means that the bucket key is no more.
func gone(err error) bool { return errors.Is(err, ErrExpired) || errors.Is(err, ErrErased) }

// wrap opens a row's wrapped key. ErrExpired when it is gone.
func (r *Replica) wrap(k record.PartKey, w keyRow) ([]byte, error) {
	switch w.state {
	case keyInline:
		return w.box, nil
	case keyLocked:
		plain, err := r.locker.Unlock(w.until, lockData(k, w.rank.version()), w.box)
		if err != nil {
			return nil, err
		}
		if sha256.Sum256(plain) != w.hash {
			return nil, fmt.Errorf("key record opens to another key: %w", errStored)
		}
		return plain, nil
	default:
		return nil, ErrExpired
	}
}

// keyRecord reads a key record and opens it: wrap is nil, without error, where
// there is none to be had for ever. ErrNotFound when there is no record. The
// row is read again when its bucket key was retired meanwhile.
func (r *Replica) keyRecord(k record.PartKey) (w keyRow, wrap []byte, err error) {
	var before []byte
	for {
		v, err := r.store.Get(partKey(keyKey, k))
		if err != nil {
			return w, nil, err
		}
		if w, err = parseKeyRow(v); err != nil || w.state == keyShredded {
			return w, nil, err
		}
		wrap, err = r.wrap(k, w)
		switch {
		case err == nil:
			return w, wrap, nil
		case !gone(err):
			return w, nil, fmt.Errorf("open key record: %w", err)
		case bytes.Equal(v, before):
			return w, nil, nil
		}
		before = v
	}
}

// SealedPart is a part of a visit's particulars as it is stored, with the
// record of its key.
type SealedPart struct {
	Version uint32
	Box     []byte
	Key     []byte
	// Until is the date on which its key dies by the record of it; zero where
	// the record has none.
	Until record.Day
}

// Sealed is the standing version of a part. Errors: ErrErased when its key
// has been shredded, ErrExpired when its bucket key is gone, ErrUnknownVisit
// when there is no such part (or its key has not come yet), else those of the
// Locker and the store.
func (r *Replica) Sealed(k record.PartKey) (SealedPart, error) {
	w, wrap, err := r.keyRecord(k)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if r.Shredded(k.Visit) {
			return SealedPart{}, ErrErased
		}
		return SealedPart{}, ErrUnknownVisit
	case err != nil:
		return SealedPart{}, err
	case w.state == keyShredded:
		return SealedPart{}, ErrErased
	}
	part, err := r.store.Get(partKey(keyPart, k))
	if errors.Is(err, store.ErrNotFound) || err == nil && len(part) < len(rank{}) {
		return SealedPart{}, ErrUnknownVisit
	}
	if err != nil {
		return SealedPart{}, fmt.Errorf("read sealed part: %w", err)
	}
	if rank(part[:len(rank{})]) != w.rank {
		return SealedPart{}, ErrUnknownVisit
	}
	if wrap == nil {
		return SealedPart{}, ErrExpired
	}
	return SealedPart{Version: w.rank.version(), Box: part[len(rank{}):], Key: wrap, Until: w.until}, nil
}

// Standing names what stands of a part: another sealing has another name. It is
// cheap, and does not say that the key can be read. Errors: ErrErased,
// ErrUnknownVisit, the store's.
func (r *Replica) Standing(k record.PartKey) (name string, err error) {
	v, err := r.store.Get(partKey(keyKey, k))
	if errors.Is(err, store.ErrNotFound) {
		if r.Shredded(k.Visit) {
			return "", ErrErased
		}
		return "", ErrUnknownVisit
	}
	if err != nil {
		return "", fmt.Errorf("read key record: %w", err)
	}
	w, err := parseKeyRow(v)
	switch {
	case err != nil:
		return "", err
	case w.state == keyShredded:
		return "", ErrErased
	}
	return string(w.rank[:]) + string(w.hash[:]), nil
}

// KeyRecord is what stands of the key of one part.
type KeyRecord struct {
	Visit    record.VisitID
	Audience record.Audience
	Version  uint32
	// Until is when the key must die; 0 in records of older releases.
	Until    record.Day
	Shredded bool
	// Wrap is the wrapped key; nil when it is gone or cannot be read now.
	Wrap []byte
}

// KeyRecords calls fn for every key record in order of visit and audience. An
// error of fn ends it and is returned, but for store.ErrStop.
func (r *Replica) KeyRecords(fn func(KeyRecord) error) error {
	lo, hi := store.Prefix([]byte{keyKey})
	err := r.store.Scan(lo, hi, func(key, _ []byte) error {
		k, ok := parsePartKey(key)
		if !ok {
			return nil
		}
		w, wrap, err := r.keyRecord(k)
		if errors.Is(err, store.ErrNotFound) {
			return nil // dropped while it was read
		}
		if errors.Is(err, errStored) {
			return err
		}
		return fn(KeyRecord{k.Visit, k.Audience, w.rank.version(), w.until, w.state == keyShredded, wrap})
	})
	if err != nil {
		return fmt.Errorf("read key records: %w", err)
	}
	return nil
}

// Context is the encapsulation that wrapped keys refer to by id; false when
// it is not known here.
func (r *Replica) Context(id []byte) ([]byte, bool) {
	b, err := r.store.Get(append([]byte{keyContext}, id...))
	return b, err == nil
}
