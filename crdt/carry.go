package crdt

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// CarrySettled writes anew, into today's document, what this node's own
// documents of the days before day tell of open visits and of evacuations under
// way, as a drop would, and drops nothing. Until it has been called for a
// document that Positions no longer reach back to by their days, they reach back
// to it all the same: what was acknowledged in it may have got to nobody.
// Idempotent and cheap when there is nothing to carry.
func (r *Replica) CarrySettled(ctx context.Context, day record.Day, others Elsewhere) error {
	r.dropping.Lock()
	defer r.dropping.Unlock()
	due := r.uncarried(day)
	if len(due) == 0 {
		return nil
	}
	if err := r.Sync(); err != nil {
		return fmt.Errorf("carry over visits: %w", err)
	}
	docs := map[record.DocID]bool{}
	for at := range due {
		docs[at.doc] = true
	}
	if err := r.carryOver(ctx, slices.Sorted(maps.Keys(docs)), day, others); err != nil {
		return fmt.Errorf("carry over visits: %w", err)
	}
	if err := r.carryEvacuations(ctx, day, others); err != nil {
		return fmt.Errorf("carry over evacuations: %w", err)
	}
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	r.carried.Lock()
	defer r.carried.Unlock()
	maps.DeleteFunc(r.carriedTo, func(at slot, _ uint64) bool { return r.state.heads.get(at) == 0 })
	maps.Copy(r.carriedTo, due)
	return nil
}

// Uncarried reports whether CarrySettled of day would have something to look
// through.
func (r *Replica) Uncarried(day record.Day) bool { return len(r.uncarried(day)) > 0 }

// uncarried are this node's own heads of the days before day whose visits have
// not been carried over in this life.
func (r *Replica) uncarried(day record.Day) map[slot]uint64 {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	r.carried.Lock()
	defer r.carried.Unlock()
	due := map[slot]uint64{}
	for at := range r.state.sums[r.cfg.Node] {
		one, _ := seriesOf(at)
		if seq := r.state.heads.get(at); one.kind == record.DocDay && r.state.due(one, at.doc) < day && r.carriedTo[at] < seq {
			due[at] = seq
		}
	}
	return due
}

// reach is the first day that a position of this node's must count: that of
// the oldest own document before day which has not been carried over.
func (r *Replica) reach(day record.Day) record.Day {
	for at := range r.uncarried(day) {
		one, _ := seriesOf(at)
		day = min(day, one.day)
	}
	return day
}

// ownCarry are the events by which this node vouches anew for open visits that
// it vouched for in a document that does not stay. CarryOver is content when
// anybody's event says the same; others may call this node complete only if its
// own do.
func (r *Replica) ownCarry(events []record.Stated, stays func(record.EventID) bool) (out []record.Event) {
	going, vouched := map[record.VisitID]bool{}, map[record.VisitID]bool{}
	for _, s := range events {
		switch {
		case s.ID.Actor.Node() != r.cfg.Node || s.Event.Kind != record.Arrived && s.Event.Kind != record.Added && s.Event.Kind != record.Carried:
		case stays(s.ID):
			vouched[s.Event.Visit] = true
		default:
			going[s.Event.Visit] = true
		}
	}
	for _, p := range record.FoldBadge(events) {
		if !p.Open() || !going[p.Visit] || vouched[p.Visit] {
			continue
		}
		out = append(out, record.Event{
			Kind: record.Carried, Visit: p.Visit, Place: p.Seen.Place, Type: p.Type, Since: p.Since, Ends: p.Ends, How: "carried", Needs: p.Lacks(),
		})
		if p.State == record.Timed {
			out = append(out, record.Event{Kind: record.TimedOut, Visit: p.Visit, How: "carried"})
		}
	}
	return out
}
