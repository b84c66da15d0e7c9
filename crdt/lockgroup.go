package crdt

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
)

// maxUntil bounds how long after its document's day a key record may live. It is
// generous, since a document may be of a day that a clock without a battery
// showed.
const maxUntil = 200 * 366

// checkUntil judges a KeyPut by the day of its document.
func checkUntil(s record.SealedEntry, day record.Day) bool {
	return s.Kind != record.KeyPut || s.Until == 0 || s.Until >= day-1 && s.Until <= day+maxUntil
}

// checkKeys judges the KeyPuts of a draft.
func (d Draft) checkKeys(day record.Day) error {
	size := 0
	for _, s := range d.Sealed {
		if deadlined(s) && len(s.Box) == 0 || s.Kind == record.KeyPut && s.Until == 0 && len(s.Hash) > 0 {
			return fmt.Errorf("key record without its form: %w", ErrDraft)
		}
		if !checkUntil(s, day) {
			err := fmt.Errorf("key record until %s, written on %s: %w", s.Until, day, ErrDraft)
			if s.Until < day {
				err = fmt.Errorf("%w: %w", ErrExpired, err)
			}
			return err
		}
		if deadlined(s) {
			size += 3 + len(s.Box)
		}
	}
	if size > envelope.MaxAside {
		return fmt.Errorf("wrapped keys of %d bytes: %w", size, ErrDraft)
	}
	return nil
}

// lockGroup takes the wrapped keys of a group's drafts out of what is to be
// signed and locks them for rest. Requests whose keys cannot be locked are
// answered and left out. Callers hold writing: nothing locked here outlives a
// renewal unseen.
func (r *Replica) lockGroup(group []*request) []*request {
	return slices.DeleteFunc(group, func(q *request) bool {
		err := r.lockRequest(q)
		if err != nil {
			q.reply <- err
		}
		return err != nil
	})
}

func (r *Replica) lockRequest(q *request) error {
	own := false
	for i := range q.drafts {
		if !slices.ContainsFunc(q.drafts[i].Sealed, deadlined) {
			continue
		}
		if !own { // the drafts are the caller's
			q.drafts, own = slices.Clone(q.drafts), true
		}
		d := &q.drafts[i]
		d.Sealed, d.locked = slices.Clone(d.Sealed), make([][]byte, len(d.Sealed))
		for j := range d.Sealed {
			s := &d.Sealed[j]
			if !deadlined(*s) {
				continue
			}
			locked, err := r.lock(*s, s.Box)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(s.Box)
			d.locked[j], s.Hash, s.Box = locked, sum[:], nil
		}
	}
	return nil
}

func (r *Replica) lock(s record.SealedEntry, wrap []byte) ([]byte, error) {
	k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
	locked, err := r.locker.Lock(s.Until, lockData(k, s.Version), wrap)
	if err != nil {
		return nil, fmt.Errorf("lock key record: %w", err)
	}
	return locked, nil
}
