package crdt

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// tomb is the last date of a shredded visit's key records; false when it is
// not shredded.
func (r *Replica) tomb(n *ranks, v record.VisitID) (until record.Day, buried bool, err error) {
	b, err := r.standing(n, tombKey(v))
	if err != nil || b == nil {
		return 0, false, err
	}
	return dayOf(b), true, nil
}

// never is owed by a receipt for a key that the log itself holds, as those of
// older releases: it is not destroyed before its document is.
const never = record.Day(1<<31 - 1)

// stageShreds is stageShred of each visit of an act.
func (r *Replica) stageShreds(b *store.Batch, n *ranks, a record.Act, id record.EventID, i int) error {
	for _, v := range a.Visits {
		if err := r.stageShred(b, n, v, a, id, i); err != nil {
			return err
		}
	}
	return nil
}

// stageShred makes every key record of a visit shredded, takes its parts away
// and notes what is to be destroyed. Idempotent.
func (r *Replica) stageShred(b *store.Batch, n *ranks, v record.VisitID, a record.Act, id record.EventID, i int) error {
	row := shredRow{a.Erasure, a.At, shredBy(a, id)}.encode()
	b.Set(shredKey(v, id, i), row)
	if !a.Erasure.IsZero() {
		b.Set(erasureKey(a.Erasure, v, id, i), row)
	}
	until, buried, err := r.tomb(n, v)
	if err != nil {
		return err
	}
	keys, err := r.keysOf(n, v)
	if err != nil {
		return err
	}
	if v.IsKept() {
		// It may be sealed anew for as long by who is cut off and has not heard.
		until = max(until, min(a.Until, r.today()+record.MostKept))
	}
	var owed []record.Day
	for key, old := range keys {
		w, err := parseKeyRow(old)
		if err != nil {
			return err
		}
		until = max(until, w.until)
		switch w.state {
		case keyLocked:
			owed = append(owed, w.until)
		case keyInline:
			owed = append(owed, never)
		}
		if err := r.bury(b, n, []byte(key), keyRow{}); err != nil {
			return err
		}
	}
	if len(keys) == 0 {
		if owed, err = r.droppedDirty(); err != nil {
			return err
		}
	}
	n.set(b, tombKey(v), dayValue(until))
	if !buried {
		lo, hi := store.Prefix(visitPrefix(keyPart, v))
		b.DeleteRange(lo, hi)
		n.under(lo, func(key string, _ []byte) { n.now[key] = nil })
	}
	return r.owe(b, n, v, owed)
}

// droppedDirty are the dates that are over and have keys to be destroyed: of a
// visit without key records, these may have been dropped with their day.
func (r *Replica) droppedDirty() ([]record.Day, error) {
	days, err := r.dirty()
	if err != nil {
		return nil, fmt.Errorf("read what is to be destroyed: %w", err)
	}
	today := r.today()
	return slices.DeleteFunc(days, func(d record.Day) bool { return d >= today }), nil
}

// keysOf are the key records of a visit, those of the batch under way too.
func (r *Replica) keysOf(n *ranks, v record.VisitID) (map[string][]byte, error) {
	lo, hi := store.Prefix(visitPrefix(keyKey, v))
	keys := map[string][]byte{}
	if err := r.store.Scan(lo, hi, func(k, val []byte) error {
		keys[string(k)] = bytes.Clone(val)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read what stands: %w", err)
	}
	n.under(lo, func(key string, val []byte) {
		if keys[key] = val; val == nil {
			delete(keys, key)
		}
	})
	return keys, nil
}

// owe notes that this node is to give a receipt once these dates are
// destroyed, unless it has given one.
func (r *Replica) owe(b *store.Batch, n *ranks, v record.VisitID, dates []record.Day) error {
	given := false
	lo, hi := store.Prefix(receiptPrefix(v, r.cfg.Node))
	if err := r.store.Scan(lo, hi, func(_, _ []byte) error { given = true; return store.ErrStop }); err != nil {
		return fmt.Errorf("read receipts: %w", err)
	}
	n.under(lo, func(_ string, val []byte) { given = given || val != nil })
	if given && len(dates) == 0 {
		return nil
	}
	old, err := r.standing(n, owedKey(v))
	if err != nil {
		return err
	}
	value := bytes.Clone(old)
	for _, d := range dates {
		value = appendDay(value, d)
	}
	if value == nil {
		value = []byte{}
	}
	n.set(b, owedKey(v), value)
	r.shreds.signal()
	return nil
}

// dropActs removes from the indexes what an entry of a dropped document put
// there. A visit that no other shred is about is forgotten.
func (r *Replica) dropActs(b *store.Batch, id record.EventID, acts record.Acts) error {
	for i, a := range acts.Acts {
		if a.Kind == record.ActKey || a.Kind == record.ActKeyGone {
			if err := r.dropPublished(b, id, i, a); err != nil {
				return err
			}
		}
		for _, v := range a.Visits {
			switch a.Kind {
			case record.ActLost:
				r.dropLost(b, v, id.Actor.Node(), id.Doc)
			case record.ActReceipt:
				b.Delete(receiptKey(v, id.Actor.Node(), id))
			case record.ActShred:
				r.dropLost(b, v, anyWriter, id.Doc)
				b.Delete(shredKey(v, id, i))
				b.Delete(erasureKey(a.Erasure, v, id, i))
				stays := false
				if err := r.shredsOf(v, func(other record.EventID, _ shredRow) error {
					stays = stays || other.Doc != id.Doc
					return nil
				}); err != nil {
					return err
				}
				until, _, err := r.tomb(nil, v)
				if err != nil {
					return err
				}
				// Where no word of this node's would count, it may not have
				// been carried over yet: it stands here all the same.
				if stays || until >= r.today() {
					continue
				}
				if err := r.forgetShred(b, v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// forgetShreds forgets visits whose shreds are in no document any more, once
// the last date is over that they had to stand against.
func (r *Replica) forgetShreds(b *store.Batch) error {
	today := r.today()
	lo, hi := store.Prefix([]byte{keyTomb})
	return r.store.Scan(lo, hi, func(k, val []byte) error {
		v, told := record.VisitID(k[1:]), false
		if dayOf(val) >= today {
			return nil
		}
		if err := r.shredsOf(v, func(record.EventID, shredRow) error { told = true; return nil }); err != nil || told {
			return err
		}
		return r.forgetShred(b, v)
	})
}

func (r *Replica) forgetShred(b *store.Batch, v record.VisitID) error {
	b.Delete(tombKey(v))
	b.Delete(owedKey(v))
	keys, err := r.keysOf(nil, v)
	if err != nil {
		return err
	}
	for key, val := range keys {
		if w, err := parseKeyRow(val); err == nil && w.state == keyShredded {
			b.Delete([]byte(key))
		}
	}
	return nil
}
