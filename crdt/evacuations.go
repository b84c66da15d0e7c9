package crdt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Events of evacuations are of no visit, so they have an index of their own
// beside the visits'. There are few: all are folded whenever one comes.

// Evacuations are the retained starts of evacuations, and which of them are
// over. The slice is shared: do not change it.
func (r *Replica) Evacuations() record.Evacuations {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.evacuations
}

// Sweeps are the retained searches of zones. The slice is shared: do not
// change it.
func (r *Replica) Sweeps() record.Sweeps {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.sweeps
}

// Calls are all that was retained of what was said to and from refuges. The
// slice is shared: do not change it.
func (r *Replica) Calls() record.Calls {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.calls
}

// LeftSince are the visits that left at a time or later, or that left before
// and bear marks: those may have come first, and a mark is not lost by news. In
// order of visit id, for as long ago as an evacuation runs and for two days at
// least. The slice is the caller's.
func (r *Replica) LeftSince(at record.HLC) []record.Presence { return inOrder(r.LeftNow(at)) }

// LeftNow are those that LeftSince returns, in no order and without a copy:
// whoever calls must change none.
func (r *Replica) LeftNow(at record.HLC) []*record.Presence {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	var all []*record.Presence
	for _, ps := range r.state.left {
		for i := range ps {
			if p := &ps[i]; p.Left.At >= at || len(p.Marks) > 0 {
				all = append(all, p)
			}
		}
	}
	return all
}

// JoinedTo are the visits that turned out to be another, of those that are
// open or left as LeftSince says; in no order. The slice is the caller's.
func (r *Replica) JoinedTo(v record.VisitID) (out []record.Presence) {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for _, b := range r.state.joined[v] {
		for _, ps := range [][]record.Presence{r.state.open[b], r.state.left[b]} {
			for i := range ps {
				if ps[i].Joined == v {
					out = append(out, ps[i])
				}
			}
		}
	}
	return out
}

const (
	// leftFor is how long those who left are kept at hand.
	leftFor = 48 * time.Hour
	// leftLimit is how many there may be before it is looked who can be let go.
	leftLimit = 4096
)

// wantLeft is the time from which those who left are kept at hand.
func (r *Replica) wantLeft() record.HLC {
	from := record.HLCOf(r.cfg.Now().Add(-leftFor))
	for _, s := range r.Evacuations() {
		if s.Ended == 0 {
			from = min(from, s.At)
		}
	}
	return from
}

// stillWanted reports whether who left is kept at hand, if those are that left at
// from or later. Marks come in order of time.
func stillWanted(p record.Presence, from record.HLC) bool {
	return p.Left.At >= from || len(p.Marks) > 0 && p.Marks[len(p.Marks)-1].At >= from
}

// tidyLeft lets those go who left longer ago than is asked for, and reads
// those back who are asked for again: an evacuation is heard of that began long
// ago. Callers hold folding.
func (r *Replica) tidyLeft() error {
	s, from := &r.state, r.wantLeft()
	s.mu.RLock()
	full, old := len(s.left) >= s.leftLimit, from < s.leftFrom
	s.mu.RUnlock()
	switch {
	case old:
		return r.foldVisits()
	case !full:
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leftFrom = from
	for b, ps := range s.left {
		s.keep(b, s.open[b], slices.DeleteFunc(slices.Clone(ps), func(p record.Presence) bool { return !stillWanted(p, from) }))
	}
	s.leftLimit = max(s.leftLimit, 2*len(s.left))
	return nil
}

func evacKey(id record.EventID) []byte {
	return append([]byte{keyEvac}, entryKey(id)[1:]...)
}

// evacEvents reads the index.
func (r *Replica) evacEvents() ([]record.Stated, error) {
	var all []record.Stated
	lo, hi := store.Prefix([]byte{keyEvac})
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		s, err := r.statedAt(k[1:], v)
		all = append(all, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read evacuations: %w", err)
	}
	return all, nil
}

// foldEvacuations folds what the index holds. Callers hold folding.
func (r *Replica) foldEvacuations() error {
	all, err := r.evacEvents()
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.ID.Actor.Node() == r.cfg.Node {
			r.clock.Resume(s.Event.At)
		}
	}
	folded, sweeps, calls := record.FoldEvacuations(all), record.FoldSweeps(all), record.FoldCalls(all)
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.evacuations, r.state.sweeps, r.state.calls = folded, sweeps, calls
	return nil
}

// refoldEvacuations folds anew when some of these entries are of one. Callers
// hold folding.
func (r *Replica) refoldEvacuations(entries []staged) error {
	if !slices.ContainsFunc(entries, func(s staged) bool { return s.event != nil && s.event.OfEvacuation() }) {
		return nil
	}
	return errors.Join(r.foldEvacuations(), r.tidyLeft())
}

// carryEvacuations writes anew what must be known of evacuations when the days
// before day are dropped, but for starts that others have dropped with theirs; and
// what is over already where it began here in this life of the node and nobody has
// heard of it: a clock that was behind has filed it.
func (r *Replica) carryEvacuations(ctx context.Context, day record.Day, others Elsewhere) error {
	all, err := r.evacEvents()
	if err != nil {
		return err
	}
	stays := func(id record.EventID) bool {
		d, err := record.ParseDocID(string(id.Doc))
		return err == nil && d.Day >= day
	}
	over := record.CarryEvacuations(all, stays)
	told, own, fresh, stay := map[record.EvacID]record.Day{}, map[record.EvacID]bool{}, map[record.EvacID]bool{}, map[record.EvacID]bool{}
	for _, s := range all {
		if s.Event.Kind == record.EvacStarted {
			told[s.Event.Evac] = max(told[s.Event.Evac], r.heldUnder(s.ID.Doc))
			own[s.Event.Evac] = own[s.Event.Evac] || r.ownSince(s.ID, others.Since)
			fresh[s.Event.Evac] = fresh[s.Event.Evac] || r.ownSince(s.ID, others.Since) && r.ofThisLife(s.ID)
			stay[s.Event.Evac] = stay[s.Event.Evac] || stays(s.ID)
		}
	}
	over = slices.DeleteFunc(over, func(e record.Event) bool {
		return e.Kind == record.EvacStarted && told[e.Evac] < others.Gone && !own[e.Evac]
	})
	for _, s := range record.FoldEvacuations(all) {
		if s.Ended != 0 && fresh[s.ID] && !stay[s.ID] {
			over = append(over, s.Anew()...)
		}
	}
	for part := range slices.Chunk(over, maxGroup) {
		var drafts []Draft
		for _, e := range part {
			drafts = append(drafts, Draft{Event: &e})
		}
		if _, err := r.Commit(ctx, drafts...); err != nil {
			return err
		}
	}
	return nil
}

// heldUnder is the day with which a document is dropped.
func (r *Replica) heldUnder(id record.DocID) record.Day {
	if since, far := r.FirstHeld(id); far {
		return since
	}
	d, err := record.ParseDocID(string(id))
	if err != nil {
		return 0
	}
	return d.Day
}

// dropEvacuation removes one event's row, where it has one.
func dropEvacuation(b *store.Batch, e record.Event, id record.EventID) (had bool) {
	if e.OfEvacuation() {
		b.Delete(evacKey(id))
	}
	return e.OfEvacuation()
}

// statedAt reads an entry of an index whose key ends as entryKey's does.
func (r *Replica) statedAt(key, v []byte) (record.Stated, error) {
	id, ok := parseEntry(key)
	if !ok {
		return record.Stated{}, fmt.Errorf("index: %w", codec.ErrFormat)
	}
	e, err := codec.DecodeEvent(v)
	if err != nil {
		return record.Stated{}, fmt.Errorf("index: %w", err)
	}
	s := record.Stated{ID: id, Event: e}
	if r.cfg.Standing != nil {
		s.Standing = r.cfg.Standing(id)
	}
	return s, nil
}
