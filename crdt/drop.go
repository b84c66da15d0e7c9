package crdt

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// DropBefore drops every document of the days before day, with all that was
// derived from it; visits still open are carried over into today's document
// first. What has been dropped is not taken again from anyone. Idempotent,
// and safe to cut at any point: it is durable document by document.
func (r *Replica) DropBefore(ctx context.Context, day record.Day) error {
	if err := r.carryOver(ctx, day); err != nil {
		return fmt.Errorf("carry over open visits: %w", err)
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	if day <= r.horizon() {
		return nil
	}
	var b store.Batch
	b.Set(keyHorizon, binary.BigEndian.AppendUint32(nil, uint32(int32(day))))
	if err := r.store.Apply(&b); err != nil {
		return fmt.Errorf("drop days: %w", err)
	}
	r.state.mu.Lock()
	r.state.horizon = day
	r.state.mu.Unlock()
	var docs []record.DocID
	for id := range r.heads {
		if d, err := record.ParseDocID(string(id)); err == nil && d.Kind != record.DocCampus && d.Day < day {
			docs = append(docs, id)
		}
	}
	slices.Sort(docs)
	for _, id := range docs {
		if err := r.dropDoc(id); err != nil {
			return fmt.Errorf("drop %s: %w", id, err)
		}
	}
	return nil
}

// carryOver writes open visits whose arrival is in a day to be dropped into
// today's document. Whoever does it, and how often, the fold is the same.
func (r *Replica) carryOver(ctx context.Context, day record.Day) error {
	for _, p := range r.Open() {
		d, err := record.ParseDocID(string(p.Arrived.ID.Doc))
		if p.Arrived.IsZero() || err != nil || d.Day >= day {
			continue
		}
		e := record.Event{
			Kind: record.Carried, Visit: p.Visit, Place: p.Seen.Place,
			Type: p.Type, Since: p.Since, Ends: p.Ends, How: "carried",
		}
		drafts := []Draft{{Event: &e}}
		if p.State == record.Timed {
			drafts = append(drafts, Draft{Event: &record.Event{Kind: record.TimedOut, Visit: p.Visit, How: "carried"}})
		}
		if _, err := r.Commit(ctx, drafts...); err != nil {
			return err
		}
	}
	return nil
}

// dropDoc removes a document and what was derived from it. Callers hold
// writing.
func (r *Replica) dropDoc(id record.DocID) error {
	var b store.Batch
	var badges []record.BadgeCode
	err := r.entries(id, nil, func(e entry) error {
		b.Delete(feedKey(e.feed))
		if change, err := shape.DecodeDay(e.env.Payload); err == nil {
			event, err := codec.DecodeEvent(change.Event)
			if err != nil {
				return err
			}
			b.Delete(visitKey(event, e.env.ID))
			badges = append(badges, event.BadgeOf())
			return nil
		}
		if s, err := codec.DecodeSealed(e.env.Payload); err == nil {
			for _, one := range s {
				r.dropSealed(&b, one)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, prefix := range []byte{keyEntry, keyHead} {
		lo, hi := store.Prefix(docPrefix(prefix, id))
		b.DeleteRange(lo, hi)
	}
	if err := r.store.Apply(&b); err != nil {
		return err
	}
	for actor := range r.heads[id] {
		delete(r.chains, slot{id, actor})
		delete(r.blocked, slot{id, actor})
	}
	delete(r.heads, id)
	r.docs.drop(id)

	r.state.folding.Lock()
	defer r.state.folding.Unlock()
	folds := map[record.BadgeCode][]record.Presence{}
	for _, badge := range badges {
		if folds[badge], err = r.foldBadge(badge); err != nil {
			return err
		}
	}
	r.state.forget(id, folds)
	return nil
}

// dropSealed removes what one sealed entry put, if it still stands.
func (r *Replica) dropSealed(b *store.Batch, s record.SealedEntry) {
	k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
	switch s.Kind {
	case record.PartPut:
		if v, err := r.store.Get(partKey(keyPart, k)); err == nil && len(v) >= 4 && binary.BigEndian.Uint32(v) == s.Version {
			b.Delete(partKey(keyPart, k))
		}
	case record.KeyPut:
		if v, err := r.store.Get(partKey(keyKey, k)); err == nil && len(v) >= 5 && v[0] == keyLive && binary.BigEndian.Uint32(v[1:]) == s.Version {
			b.Delete(partKey(keyKey, k))
		}
	case record.ContextPut:
		b.Delete(append([]byte{keyContext}, s.Context...))
	case record.Shred:
		b.Delete(partKey(keyKey, k))
	}
}

func (s *state) forget(id record.DocID, folds map[record.BadgeCode][]record.Presence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for actor := range s.heads[id] {
		delete(s.sums[actor.Node()], slot{id, actor})
	}
	delete(s.heads, id)
	delete(s.digests, id)
	for badge, ps := range folds {
		s.fold(badge, ps)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// Oldest is the oldest day of which a document is held; false when none is.
func (r *Replica) Oldest() (day record.Day, ok bool) {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for id := range r.state.heads {
		d, err := record.ParseDocID(string(id))
		if err == nil && d.Kind != record.DocCampus && (!ok || d.Day < day) {
			day, ok = d.Day, true
		}
	}
	return day, ok
}
