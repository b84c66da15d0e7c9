package crdt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
)

// The wrapped keys of a sealed entry are not part of what is signed: they
// travel beside the envelope, one item for each KeyPut whose key the sender
// has (the record's place in the entry, 1 byte; length, 2; the key), in
// order, and rest in the key records alone.

// errNotYet: an entry whose wrapped keys did not come with it, although they
// may exist. It is asked for again like one behind a gap.
var errNotYet = fmt.Errorf("wrapped keys are missing: %w", errGap)

// deadlined says whether a record's wrapped key travels aside.
func deadlined(s record.SealedEntry) bool { return s.Kind == record.KeyPut && s.Until != 0 }

func encodeAside(wraps [][]byte) (b []byte) {
	for i, w := range wraps {
		if len(w) > 0 {
			b = append(b, byte(i))
			b = binary.BigEndian.AppendUint16(b, uint16(len(w)))
			b = append(b, w...)
		}
	}
	return b
}

// decodeAside reads an aside for an entry of n records; what it returns
// aliases b.
func decodeAside(b []byte, n int) (wraps [][]byte, ok bool) {
	wraps = make([][]byte, n)
	for last := -1; len(b) > 0; {
		if len(b) < 3 {
			return nil, false
		}
		i, size := int(b[0]), int(binary.BigEndian.Uint16(b[1:]))
		if b = b[3:]; i <= last || i >= n || size == 0 || size > len(b) {
			return nil, false
		}
		wraps[i], b, last = b[:size:size], b[size:], i
	}
	return wraps, true
}

// checkAside says whether an aside is all that it must be: each wrapped key
// the one that the entry names.
func checkAside(aside []byte, all []record.SealedEntry) (wraps [][]byte, ok bool) {
	wraps, ok = decodeAside(aside, len(all))
	for i, w := range wraps {
		if w == nil {
			continue
		}
		if sum := sha256.Sum256(w); !deadlined(all[i]) || !bytes.Equal(sum[:], all[i].Hash) {
			return nil, false
		}
	}
	return wraps, ok
}

// attach adds to a stored entry's bytes the wrapped keys that are held. What
// it returns is raw itself where there are none.
func (r *Replica) attach(raw []byte) ([]byte, error) {
	e, err := envelope.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("stored entry: %w", err)
	}
	if !sealedDoc(e.ID.Doc) {
		return raw, nil
	}
	all, err := codec.DecodeSealed(e.Payload)
	if err != nil || !slices.ContainsFunc(all, deadlined) {
		return raw, nil
	}
	wraps := make([][]byte, len(all))
	for i, s := range all {
		if !deadlined(s) {
			continue
		}
		// What cannot be read now is left out: others may have it.
		w, wrap, err := r.keyRecord(record.PartKey{Visit: s.Visit, Audience: s.Audience})
		if err != nil || !bytes.Equal(w.hash[:], s.Hash) || w.rank != rankOf(s, e.ID.Actor.Node()) {
			continue
		}
		if wraps[i] = wrap; wrap == nil {
			r.noteLost(record.PartKey{Visit: s.Visit, Audience: s.Audience}, w, e.ID.Actor.Node())
		}
	}
	if e.Aside = encodeAside(wraps); e.Aside == nil {
		return raw, nil
	}
	return e.Encode(), nil
}

// admitSealed judges an entry of a sealed document and the wrapped keys that
// came with it.
func (r *Replica) admitSealed(e candidate, day record.Day, n *ranks, s *staged) error {
	at := slot{e.ID.Doc, e.ID.Actor}
	all, err := codec.DecodeSealed(e.Payload)
	if err != nil {
		return r.block(at, "sealed entry")
	}
	for _, one := range all {
		if one.Kind == record.KeyPut && (one.Until != 0) != (len(one.Hash) > 0) || deadlined(one) && len(one.Box) > 0 || !checkUntil(one, day) {
			return r.block(at, "key record")
		}
	}
	wraps, ok := checkAside(e.Aside, all)
	if !ok {
		// Whoever relayed it made it up; others may have the right one.
		_ = r.refuse(record.NodeID{}, "aside")
		return errNotYet
	}
	s.late = r.late(e.ID)
	if err := r.admitKeys(e, all, wraps, s.late, n); err != nil {
		return err
	}
	s.locked = make([][]byte, len(all))
	for i, w := range wraps {
		if w == nil {
			continue
		}
		if s.locked[i], err = r.lock(all[i], w); err != nil && !gone(err) {
			r.log.Warn("a key record cannot be kept now and is asked for again", "err", err)
			return errNotYet
		}
	}
	r.clock.Observe(all[0].At)
	if s.late {
		all, s.locked = withKeys(all, wraps, s.locked)
	}
	s.sealed = all
	e.Aside = nil // what is kept is what was signed
	return nil
}

// withKeys leaves out of what was sealed after a revocation the records whose
// wrapped key did not come, and their parts: they would fill a place, for good,
// that is somebody else's whose key is on its way.
func withKeys(all []record.SealedEntry, wraps, locked [][]byte) (left []record.SealedEntry, leftLocked [][]byte) {
	bare := map[record.PartKey]bool{}
	for i, s := range all {
		if deadlined(s) && wraps[i] == nil {
			bare[record.PartKey{Visit: s.Visit, Audience: s.Audience}] = true
		}
	}
	for i, s := range all {
		if s.Kind != record.KeyPut && s.Kind != record.PartPut || !bare[record.PartKey{Visit: s.Visit, Audience: s.Audience}] {
			left, leftLocked = append(left, s), append(leftLocked, locked[i])
		}
	}
	return left, leftLocked
}

// admitKeys says whether each wrapped key that is missing is rightly so.
func (r *Replica) admitKeys(e candidate, all []record.SealedEntry, wraps [][]byte, late bool, n *ranks) error {
	author, missing := e.ID.Actor.Node(), false
	for i, one := range all {
		if !deadlined(one) || wraps[i] != nil {
			continue
		}
		k, at := record.PartKey{Visit: one.Visit, Audience: one.Audience}, rankOf(one, author)
		if slices.ContainsFunc(all, func(o record.SealedEntry) bool {
			return o.Kind == record.KeyPut && o.Visit == k.Visit && o.Audience == k.Audience && at.below(rankOf(o, author))
		}) {
			continue
		}
		ok, err := r.superseded(k, at, one.Until, late, n)
		if !ok && err == nil && late {
			// What was sealed after a revocation outranks nothing.
			var v []byte
			v, err = r.standing(n, partKey(keyKey, k))
			ok = v != nil
		}
		if err != nil {
			return errors.Join(errNotYet, err)
		}
		if !ok {
			r.awaited.await(k, r.weigh(k, at))
			missing = true
		}
	}
	if missing {
		return errNotYet
	}
	return nil
}

// superseded says whether a wrapped key may be missing: its visit is shredded,
// its writer has lost it, somebody may have destroyed it by a shred that does
// not count here, a higher record stands or is known to have been written, or
// its date is over. late: it was written after a revocation.
func (r *Replica) superseded(k record.PartKey, at rank, until record.Day, late bool, n *ranks) (bool, error) {
	// By a clock that is ahead nothing is lost: who still has the key sends it. Nor
	// where the date can only be that of such a clock: what outranks its key may have
	// gone with its day, and the key is asked for on. One that is behind, by what is
	// held here, does not make it so.
	today := r.today()
	if until < r.horizon() || until <= today || until > r.filed(today)+record.MostKept+farAhead || r.awaited.outranked(k, r.weigh(k, at), late) {
		return true, nil
	}
	if _, buried, err := r.tomb(n, k.Visit); buried || err != nil {
		return buried, err
	}
	if lost, err := r.isLost(n, k.Visit, at.author()); lost || err != nil {
		return lost, err
	}
	if next, held, err := r.keyRowAt(n, partKey(keyNext, k)); err != nil || held && !r.weigh(k, next.rank).below(r.weigh(k, at)) {
		return err == nil, err
	}
	w, held, err := r.keyRowAt(n, partKey(keyKey, k))
	if err != nil || !held {
		return false, err
	}
	return w.state == keyShredded || !r.weigh(k, w.rank).below(r.weigh(k, at)), nil
}
