package crdt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// PublishedKey is the public half of a key pair that an audience's particulars
// are sealed to.
type PublishedKey struct {
	Audience record.Audience
	// Until is the date on which it dies.
	Until record.Day
	// Epoch says which revocations it was made after; it is GoneEpoch where a
	// node says that nobody has the private half any more.
	Epoch int64
	Bytes []byte
	// Filed is the newest day under which it is written: new nodes hear of it
	// until the acts of that day are dropped. Those who have heard keep it until
	// its date is dropped, so that a part of the campus without a desk can go on
	// sealing.
	Filed record.Day
}

// GoneEpoch is the epoch of a key of which no private half is left.
const GoneEpoch = -1

func publishedKey(until record.Day, id record.EventID, i int) []byte {
	return append(append(appendDay([]byte{keyPublished}, until), ref(id)...), byte(i))
}

func publishedRow(a record.Act) []byte {
	epoch := a.Epoch
	if a.Kind == record.ActKeyGone {
		epoch = GoneEpoch
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(epoch))
	b = append(b, byte(len(a.Audience)))
	return append(append(b, a.Audience...), a.Key...)
}

// PublishedKeys are the published keys that count, each once, by date,
// audience, epoch and bytes. It reads from disk: see SettingsVersion.
func (r *Replica) PublishedKeys() ([]PublishedKey, error) {
	var out []PublishedKey
	horizon := r.horizon()
	lo, hi := store.Prefix([]byte{keyPublished})
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		if len(k) < 6 || len(v) < 9 || len(v) < 9+int(v[8]) {
			return errStored
		}
		id, ok := parseEntry(k[5 : len(k)-1])
		doc, err := record.ParseDocID(string(id.Doc))
		if err != nil || !ok {
			return errors.Join(err, errStored)
		}
		// Of a day that has been dropped a revocation does not speak.
		if doc.Day >= horizon && !r.mayEdit(id) {
			return nil
		}
		n := 9 + int(v[8])
		out = append(out, PublishedKey{
			Audience: record.Audience(v[9:n]), Until: dayOf(k[1:]), Epoch: int64(binary.BigEndian.Uint64(v)),
			Bytes: bytes.Clone(v[n:]), Filed: doc.Day,
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read published keys: %w", err)
	}
	slices.SortFunc(out, func(a, b PublishedKey) int {
		if c := a.compare(b); c != 0 {
			return c
		}
		return int(b.Filed - a.Filed)
	})
	return slices.CompactFunc(out, func(a, b PublishedKey) bool { return a.compare(b) == 0 }), nil
}

func (k PublishedKey) compare(o PublishedKey) int {
	if k.Until != o.Until {
		return int(k.Until - o.Until)
	}
	if c := strings.Compare(string(k.Audience), string(o.Audience)); c != 0 {
		return c
	}
	if k.Epoch != o.Epoch {
		if k.Epoch < o.Epoch {
			return -1
		}
		return 1
	}
	return bytes.Compare(k.Bytes, o.Bytes)
}

// dropPublished forgets one publishing of a key where it has been published
// anew; the last one stays until the key's date is dropped.
func (r *Replica) dropPublished(b *store.Batch, id record.EventID, i int, a record.Act) error {
	key, row := publishedKey(a.Until, id, i), publishedRow(a)
	if !r.mayEdit(id) {
		b.Delete(key) // it would count once nobody can tell any more
		return nil
	}
	lo, hi := store.Prefix(appendDay([]byte{keyPublished}, a.Until))
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		other, ok := parseEntry(k[5 : len(k)-1])
		if ok && other.Doc != id.Doc && bytes.Equal(v, row) {
			b.Delete(key)
			return store.ErrStop
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read published keys: %w", err)
	}
	return nil
}
