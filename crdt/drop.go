package crdt

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// DropBefore drops every document of the days before day, with all that was
// derived from it; what must outlive them (visits still open, above all) is
// carried over into today's document first. What has been dropped is not taken
// again from anyone. Documents of days far ahead go when they have been held
// since before day; see NoteAhead. Idempotent, and safe to cut at any point: it is durable
// document by document, and the next call goes on.
func (r *Replica) DropBefore(ctx context.Context, day record.Day) error {
	return r.DropSettled(ctx, day, Elsewhere{})
}

// DropSettled is DropBefore for a node that comes back to others who have
// dropped the days already: what they have settled is not carried over from here.
func (r *Replica) DropSettled(ctx context.Context, day record.Day, others Elsewhere) error {
	r.dropping.Lock()
	defer r.dropping.Unlock()
	docs := r.closeBefore(day)
	defer r.closeBefore(0)
	if len(docs) == 0 && day <= r.horizon() {
		return nil
	}
	// What is under way of those days is folded before they are looked through.
	if err := r.Sync(); err != nil {
		return fmt.Errorf("drop days: %w", err)
	}
	if err := r.carryOver(ctx, docs, day, others); err != nil {
		return fmt.Errorf("carry over visits: %w", err)
	}
	if err := r.carryEvacuations(ctx, day, others); err != nil {
		return fmt.Errorf("carry over evacuations: %w", err)
	}
	if err := r.carryActs(ctx, docs, day); err != nil {
		return fmt.Errorf("carry over shreds: %w", err)
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	var b store.Batch
	b.Set(keyHorizon, binary.BigEndian.AppendUint32(nil, uint32(int32(max(day, r.horizon())))))
	b.Set(keyFeedEnd, binary.BigEndian.AppendUint64(nil, r.feedEnd))
	b.DeleteRange([]byte{keyPublished}, appendDay([]byte{keyPublished}, day+record.Day(r.cfg.RetainDays)))
	if len(docs) == 0 {
		if err := r.store.Apply(&b); err != nil {
			return fmt.Errorf("drop days: %w", err)
		}
	}
	r.setHorizon(day)
	r.unblockBefore(day)
	for _, id := range docs {
		r.markGone(id, &b)
		wait, err := r.dropDoc(id, &b)
		b.Reset()
		if err == nil {
			// After a long closure many days go at once: nobody at a door waits for that.
			r.writing.Unlock()
			err = wait()
			r.writing.Lock()
		}
		if err != nil {
			return fmt.Errorf("drop %s: %w", id, err)
		}
	}
	if err := r.forgetShreds(&b); err != nil {
		return fmt.Errorf("forget shreds: %w", err)
	}
	if b.Len() == 0 {
		return nil
	}
	if err := r.store.Apply(&b); err != nil {
		return fmt.Errorf("forget shreds: %w", err)
	}
	return nil
}

// closeBefore lets nothing more into the documents of the days before day (0:
// before the horizon), and returns those that are held.
func (r *Replica) closeBefore(day record.Day) (docs []record.DocID) {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.closing = day
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for id := range r.heads {
		if d, err := record.ParseDocID(string(id)); err == nil && r.state.over(id, d, day) {
			docs = append(docs, id)
		}
	}
	slices.Sort(docs)
	return docs
}

// firstDay is the first day whose documents are written to. Before anything
// has been dropped it is the oldest that is held, less the retention: what is
// filed under a day from long before the campus was, others would drop unread.
// Callers hold writing.
func (r *Replica) firstDay() record.Day {
	if first := max(r.horizon(), r.closing); first > 0 {
		return first
	}
	oldest, ok := r.oldestSound()
	if !ok {
		return 0
	}
	return max(oldest-record.Day(r.cfg.RetainDays), 0)
}

func (r *Replica) setHorizon(day record.Day) {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.horizon = max(r.state.horizon, day)
}

// unblockBefore forgets who wrote what was refused in the days before day: all
// that is written in those is refused from now on. Callers hold writing.
func (r *Replica) unblockBefore(day record.Day) {
	clear(r.awaited) // what waits still is asked for again
	for at := range r.blocked {
		if d, err := record.ParseDocID(string(at.doc)); err == nil && d.Kind != record.DocCampus && d.Day < day {
			delete(r.blocked, at)
		}
	}
}

// carryOver writes what must outlive the documents into today's. Whoever does
// it, and how often, the fold is the same.
func (r *Replica) carryOver(ctx context.Context, docs []record.DocID, day record.Day, others Elsewhere) error {
	badges, err := r.badgesIn(docs)
	if err != nil {
		return err
	}
	stays := func(id record.EventID) bool {
		d, err := record.ParseDocID(string(id.Doc))
		_, goes := slices.BinarySearch(docs, id.Doc)
		return err == nil && d.Day >= day && !goes
	}
	for _, badge := range badges {
		events, err := r.evidence(badge)
		if err != nil {
			return err
		}
		all := events
		if others.Settled != nil {
			events = unsettled(events, r.newer(events, stays), func(p record.Presence) bool { return others.Settled(p) && !r.ownSince(p.Seen.ID, others.Since) })
		}
		gone := r.freshGone(events, stays, others.Since)
		if len(gone) > 0 {
			if _, err := r.Commit(ctx, gone...); err != nil {
				return fmt.Errorf("carry over who came and went: %w", err)
			}
		}
		marks, told := r.freshMarks(all, stays, others.Since, alsoTold(events, gone, stays))
		if err := r.carryMarks(ctx, marks, told); err != nil {
			return err
		}
		over := record.CarryOver(events, stays)
		carried := map[record.VisitID]bool{}
		for _, e := range over {
			carried[e.Visit] = carried[e.Visit] || e.Kind == record.Carried
		}
		for _, e := range r.ownCarry(events, stays) {
			if !carried[e.Visit] {
				over = append(over, e)
			}
		}
		var drafts []Draft
		for _, e := range over {
			drafts = append(drafts, Draft{Event: &e})
		}
		if len(drafts) == 0 {
			continue
		}
		if _, err := r.Commit(ctx, drafts...); err != nil {
			return err
		}
	}
	return nil
}

// unsettled are the events but for those of open visits that are settled
// elsewhere and that no newer event is about.
func unsettled(events []record.Stated, newer func(record.EventID) bool, settled func(record.Presence) bool) []record.Stated {
	told := map[record.VisitID]bool{}
	for _, s := range events {
		told[s.Event.Visit] = told[s.Event.Visit] || newer(s.ID)
	}
	over := map[record.VisitID]bool{}
	for _, p := range record.FoldBadge(events) {
		over[p.Visit] = p.Open() && !told[p.Visit] && settled(p)
	}
	return slices.DeleteFunc(slices.Clone(events), func(s record.Stated) bool { return over[s.Event.Visit] })
}

// badgesIn are the badges that day documents tell of, in order.
func (r *Replica) badgesIn(docs []record.DocID) ([]record.BadgeCode, error) {
	seen := map[record.BadgeCode]bool{}
	for _, id := range docs {
		if d, err := record.ParseDocID(string(id)); err != nil || d.Kind != record.DocDay {
			continue
		}
		err := r.entries(id, nil, func(e entry) error {
			change, err := shape.DecodeDay(e.env.Payload)
			if err != nil {
				return err
			}
			event, err := codec.DecodeEvent(change.Event)
			seen[event.BadgeOf()] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	delete(seen, 0)
	return slices.Sorted(maps.Keys(seen)), nil
}

// dropDoc removes a document and what was derived from it, together with what
// b notes already; it is durable once wait has returned. Callers hold writing.
func (r *Replica) dropDoc(id record.DocID, b *store.Batch) (wait func() error, err error) {
	var badges []record.BadgeCode
	evacuations, fed, inline := false, map[fedAt]bool{}, map[record.VisitID]bool{}
	err = r.entries(id, nil, func(e entry) error {
		b.Delete(feedKey(e.feed))
		if change, err := shape.DecodeDay(e.env.Payload); err == nil {
			event, err := codec.DecodeEvent(change.Event)
			if err != nil {
				return err
			}
			evacuations = dropEvacuation(b, event, e.env.ID) || evacuations
			dropFed(b, event, e.env.ID, fed)
			b.Delete(visitKey(event, e.env.ID))
			badges = append(badges, event.BadgeOf())
			return nil
		}
		if s, err := codec.DecodeSealed(e.env.Payload); err == nil {
			for _, one := range s {
				r.dropSealed(b, one, e.env.ID.Actor.Node())
			}
			inlineOf(s, inline)
			return nil
		}
		if acts, err := codec.DecodeActs(e.env.Payload); err == nil {
			return r.dropActs(b, e.env.ID, acts)
		}
		return nil
	})
	if err == nil {
		err = r.payForLog(b, id, inline)
	}
	if err != nil {
		return nil, err
	}
	for _, prefix := range []byte{keyEntry, keyHead, keyPassed} {
		lo, hi := store.Prefix(docPrefix(prefix, id))
		b.DeleteRange(lo, hi)
	}
	if wait, err = r.store.Write(b); err != nil {
		return nil, err
	}
	for actor := range r.heads[id] {
		delete(r.chains, slot{id, actor})
	}
	r.dropHeads(id)
	delete(r.parsed, id)
	r.docs.drop(id)

	r.state.folding.Lock()
	defer r.state.folding.Unlock()
	folds := map[record.BadgeCode][]record.Presence{}
	for _, badge := range badges {
		if folds[badge], err = r.foldBadge(badge); err != nil {
			return nil, err
		}
	}
	if evacuations {
		if err := r.foldEvacuations(); err != nil {
			return nil, err
		}
	}
	if err := r.foldFed(fed); err != nil {
		return nil, err
	}
	r.state.forget(id, folds)
	return wait, nil
}

func (s *state) forget(id record.DocID, folds map[record.BadgeCode][]record.Presence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for actor := range s.heads[id] {
		if m := s.sums[actor.Node()]; m != nil {
			if delete(m, slot{id, actor}); len(m) == 0 {
				delete(s.sums, actor.Node())
			}
		}
	}
	delete(s.heads, id)
	delete(s.digests, id)
	s.edited++
	for badge, ps := range folds {
		s.fold(badge, ps)
	}
	s.invited.forget(id)
	s.delivered.forget(id)
	close(s.changed)
	s.changed = make(chan struct{})
}

// Wants reports whether entries of a document would be looked at: not those of
// a day that has been dropped.
func (r *Replica) Wants(id record.DocID) bool {
	d, err := record.ParseDocID(string(id))
	return err != nil || !r.dropped(id, d)
}

// Horizon is the first day whose documents are kept; 0 before any was dropped.
func (r *Replica) Horizon() record.Day { return r.horizon() }

// docOf is ParseDocID for documents that are held, which are asked about at every
// write. Callers hold writing.
func (r *Replica) docOf(id record.DocID) (d record.Doc, ok bool) {
	if d, ok = r.parsed[id]; ok {
		return d, true
	}
	d, err := record.ParseDocID(string(id))
	if err != nil {
		return d, false
	}
	r.parsed[id] = d
	return d, true
}

// oldestSound is Oldest, but for documents far ahead. Callers hold writing.
func (r *Replica) oldestSound() (day record.Day, ok bool) {
	for id := range r.heads {
		d, known := r.docOf(id)
		if _, far := r.FirstHeld(id); known && !far && d.Kind != record.DocCampus && (!ok || d.Day < day) {
			day, ok = d.Day, true
		}
	}
	return day, ok
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
