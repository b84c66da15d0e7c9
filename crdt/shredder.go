package crdt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// shredder is what the worker goes by.
type shredder struct {
	wake chan struct{} // capacity one
	// soiled counts how often a date was made dirty in this life. Guarded by
	// writing.
	soiled map[record.Day]uint64
}

func newShredder() shredder {
	return shredder{wake: make(chan struct{}, 1), soiled: map[record.Day]uint64{}}
}

func (s *shredder) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// soil notes that locked keys of a date are to be destroyed. Callers hold
// writing.
func (r *Replica) soil(b *store.Batch, day record.Day) {
	b.Set(dirtyKey(day), []byte{1})
	r.shreds.soiled[day]++
	r.shreds.signal()
}

// ShredPending are the dates of which this node still has keys to destroy, in
// order.
func (r *Replica) ShredPending() []record.Day {
	days, err := r.dirty()
	if err != nil {
		r.log.Error("what is to be destroyed cannot be read", "err", err)
	}
	return days
}

func (r *Replica) dirty() (days []record.Day, err error) {
	lo, hi := store.Prefix([]byte{keyDirty})
	err = r.store.Scan(lo, hi, func(k, _ []byte) error {
		days = append(days, dayOf(k[1:]))
		return nil
	})
	return days, err
}

const (
	firstShredPause = 100 * time.Millisecond
	lastShredPause  = time.Minute
)

// shredLoop carries out what counts only now, destroys what is to be destroyed, and
// gives the receipts. It goes on from what is on disk, so it may be cut at any
// point. What fails is tried again, less and less often.
func (r *Replica) shredLoop() {
	defer r.done.Done()
	pause := time.Duration(0)
	var from []byte // how far the keys at rest have been looked through
	looked := false
	for {
		var again <-chan time.Time
		wake := r.shreds.wake
		err := errors.Join(r.carryOutPassed(), r.shredRound())
		if err == nil && !looked {
			next, err := r.findGone(from)
			if err != nil && !errors.Is(err, ErrClosed) {
				r.log.Error("what is at rest could not be looked through", "err", err)
			}
			from, looked = next, next == nil || err != nil
		}
		next, lostErr := r.declareLost()
		if err = errors.Join(err, lostErr); err == nil {
			pause = 0
			if !looked {
				next = time.Nanosecond
			}
			if next > 0 {
				again = time.After(next)
			}
		} else {
			if pause == 0 && !errors.Is(err, ErrClosed) {
				r.log.Error("keys that are to be destroyed are not destroyed yet; this is tried again", "err", err)
			}
			pause = min(max(2*pause, firstShredPause), lastShredPause)
			again, wake = time.After(pause), nil
		}
		select {
		case <-r.stop:
			return
		case <-wake:
		case <-again:
		}
	}
}

// shredRound destroys the keys of all dirty dates. One that fails holds back
// neither the others nor their receipts.
func (r *Replica) shredRound() error {
	// Whoever signals holds writing until what it is about can be read.
	r.writing.Lock()
	days, err := r.dirty()
	r.writing.Unlock()
	if err != nil {
		return err
	}
	for _, d := range r.locker.Unfinished() {
		if !slices.Contains(days, d) {
			days = append(days, d)
		}
	}
	for _, d := range days {
		if shredErr := r.destroy(d); shredErr != nil {
			err = errors.Join(err, shredErr)
		}
	}
	return errors.Join(err, r.giveReceipts())
}

// destroy renews the bucket key of a date, writes what stands anew under it
// and has the old key destroyed. Records of the date may be written meanwhile:
// they are locked under the new key.
func (r *Replica) destroy(day record.Day) error {
	r.writing.Lock()
	count := r.shreds.soiled[day]
	r.writing.Unlock()
	err := r.locker.Renew(day)
	if err == nil {
		if err = r.relockAll(day); err != nil {
			return err
		}
		err = r.locker.Retire(day)
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("destroy keys until %s: %w", day, err)
	}
	return r.clean(day, count)
}

// clean takes the mark of a date away, unless more came to be destroyed.
func (r *Replica) clean(day record.Day, count uint64) error {
	r.writing.Lock()
	if err := r.writable(); err != nil {
		r.writing.Unlock()
		return err
	}
	if r.shreds.soiled[day] != count {
		r.shreds.signal()
		r.writing.Unlock()
		return nil
	}
	delete(r.shreds.soiled, day)
	var b store.Batch
	b.Delete(dirtyKey(day))
	wait, err := r.store.Write(&b)
	r.writing.Unlock()
	if err == nil {
		err = wait()
	}
	if err != nil {
		return fmt.Errorf("destroy keys until %s: %w", day, err)
	}
	return nil
}

// writable says why nothing may be written any more. Callers hold writing.
func (r *Replica) writable() error {
	if r.closed() {
		return ErrClosed
	}
	return r.Failure()
}

// relockSome bounds the key records that are written anew while nothing else
// can be written.
const relockSome = 512

// relockAll writes the key records of a date anew, durably; what was written
// before is durable then, too: the shreds above all.
func (r *Replica) relockAll(day record.Day) error {
	lo, hi := store.Prefix(appendDay([]byte{keyUntil}, day))
	for {
		next, wait, err := r.relock(day, lo, hi)
		if err != nil {
			return fmt.Errorf("keep keys until %s: %w", day, err)
		}
		if lo = next; lo == nil {
			return wait()
		}
	}
}

// relock writes some of them and says where to go on, nil at the end.
func (r *Replica) relock(day record.Day, lo, hi []byte) (next []byte, wait func() error, err error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.writable(); err != nil {
		return nil, nil, err
	}
	var b store.Batch
	count := 0
	err = r.store.Scan(lo, hi, func(key, _ []byte) error {
		if count++; count > relockSome {
			next = bytes.Clone(key)
			return store.ErrStop
		}
		k, _ := parsePartKey(key[4:])
		at := partKey(keyKey, k)
		v, err := r.store.Get(at)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		w, err := parseKeyRow(v)
		if err != nil || w.state != keyLocked || w.until != day {
			return err
		}
		ad := lockData(k, w.rank.version())
		plain, err := r.locker.Unlock(day, ad, w.box)
		if gone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if w.box, err = r.locker.Lock(day, ad, plain); err != nil {
			return err
		}
		b.Set(at, w.encode())
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	// Quiet: each keeps its name, and what it opened stays open.
	wait, err = r.quiet.Write(&b)
	return next, wait, err
}

// giveReceipts writes the receipts of which nothing is left to be destroyed.
func (r *Replica) giveReceipts() error {
	for {
		visits, err := r.due(codec.MaxActVisits)
		if err != nil || len(visits) == 0 {
			return err
		}
		if _, err := r.Commit(context.Background(), Draft{Acts: []record.Act{{Kind: record.ActReceipt, Visits: visits}}}); err != nil {
			return fmt.Errorf("give receipts: %w", err)
		}
	}
}

// due are up to limit visits whose receipts can be given.
func (r *Replica) due(limit int) (visits []record.VisitID, err error) {
	// The marks are read after the receipts: a mark that is not there is not
	// there for what was owed before.
	type owing struct {
		visit record.VisitID
		dates []byte
	}
	var all []owing
	lo, hi := store.Prefix([]byte{keyOwed})
	if err := r.store.Scan(lo, hi, func(k, v []byte) error {
		all = append(all, owing{record.VisitID(k[1:]), bytes.Clone(v)})
		return nil
	}); err != nil {
		return nil, err
	}
	days, err := r.dirty()
	if err != nil {
		return nil, err
	}
	dirty := map[record.Day]bool{never: true}
	for _, d := range days {
		dirty[d] = true
	}
	for _, o := range all {
		waits := false
		for b := o.dates; len(b) >= 4; b = b[4:] {
			waits = waits || dirty[dayOf(b)]
		}
		if !waits {
			if visits = append(visits, o.visit); len(visits) == limit {
				break
			}
		}
	}
	return visits, nil
}
