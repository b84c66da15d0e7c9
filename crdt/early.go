package crdt

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// maxEarly bounds the events that are shown ahead of their turn.
const maxEarly = 8192

// Early shows events ahead of their turn: each is proved to be its author's
// and joins the fold of its visit, so that who may be inside is known before
// the history is. It is not held by that: no vector, digest or position counts
// it, nobody is told of it, and a restart forgets it. When its turn comes it
// is taken as any other. What has no proof of its own, is held already, or is
// too much, is passed over.
func (r *Replica) Early(raws [][]byte) {
	var events []record.Stated
	for _, raw := range raws {
		if s, ok := r.judgeEarly(raw); ok {
			events = append(events, s)
		}
	}
	if len(events) == 0 || r.closed() {
		return
	}
	r.state.folding.Lock()
	defer r.state.folding.Unlock()
	var badges []record.BadgeCode
	for _, s := range events {
		// Held by now, it was shown by whoever took it.
		if !r.Holds(s.ID) && r.early.add(s) {
			badges = append(badges, s.Event.BadgeOf())
		}
	}
	slices.Sort(badges)
	r.refold(slices.Compact(badges))
}

// judgeEarly reads and judges one event: the first of a run, or one alone.
func (r *Replica) judgeEarly(raw []byte) (s record.Stated, ok bool) {
	proved, reason := r.prove(raw)
	if reason != "" || len(proved) == 0 || !chained(proved[0].ID.Doc) {
		return s, false
	}
	c := proved[0]
	doc, err := record.ParseDocID(string(c.ID.Doc))
	if err != nil || r.dropped(c.ID.Doc, doc) {
		return s, false
	}
	day, err := c.shape()
	if err != nil || day.Seq != c.ID.Seq || !bytes.Equal(day.Actor, c.ID.Actor[:]) {
		return s, false
	}
	event, err := codec.DecodeEvent(day.Event)
	if err != nil || event.BadgeOf() == 0 {
		return s, false
	}
	return record.Stated{ID: c.ID, Event: event}, true
}

// refold shows some visits anew. Callers hold folding.
func (r *Replica) refold(badges []record.BadgeCode) {
	if len(badges) == 0 {
		return
	}
	folds := make(map[record.BadgeCode][]record.Presence, len(badges))
	for _, b := range badges {
		ps, err := r.foldBadge(b)
		if err != nil {
			return // the store has failed, and says so to whoever writes
		}
		folds[b] = ps
	}
	s := &r.state
	s.mu.Lock()
	defer s.mu.Unlock()
	for b, ps := range folds {
		s.fold(b, ps)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// earlyEvents are the events shown ahead of their turn, by badge. Safe for
// concurrent use; the slices in it are never changed.
type earlyEvents struct {
	mu    sync.Mutex
	by    map[record.BadgeCode][]record.Stated
	count int
}

func (t *earlyEvents) add(s record.Stated) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := s.Event.BadgeOf()
	if t.count >= maxEarly || slices.ContainsFunc(t.by[b], func(x record.Stated) bool { return x.ID == s.ID }) {
		return false
	}
	if t.by == nil {
		t.by = map[record.BadgeCode][]record.Stated{}
	}
	t.by[b] = append(slices.Clone(t.by[b]), s)
	t.count++
	return true
}

// end forgets the events whose turn has come.
func (t *earlyEvents) end(entries []staged) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := 0; t.count > 0 && i < len(entries); i++ {
		if entries[i].event == nil {
			continue
		}
		b := entries[i].event.BadgeOf()
		rest := slices.DeleteFunc(slices.Clone(t.by[b]), func(x record.Stated) bool { return x.ID == entries[i].id })
		t.count -= len(t.by[b]) - len(rest)
		if t.by[b] = rest; len(rest) == 0 {
			delete(t.by, b)
		}
	}
}

func (t *earlyEvents) of(b record.BadgeCode) []record.Stated {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.by[b]
}

func (t *earlyEvents) badges() []record.BadgeCode {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.by))
}

// withEarly adds what is shown ahead of its turn to the evidence held.
func (r *Replica) withEarly(b record.BadgeCode, group []record.Stated) []record.Stated {
	for _, s := range r.early.of(b) {
		if d, err := record.ParseDocID(string(s.ID.Doc)); err != nil || r.dropped(s.ID.Doc, d) {
			continue
		}
		if r.cfg.Standing != nil {
			s.Standing = r.cfg.Standing(s.ID)
		}
		group = append(group, s)
	}
	return group
}

// foldEarly adds to fresh what is shown ahead of its turn. Callers hold folding.
func (r *Replica) foldEarly(fresh *state) error {
	for _, b := range r.early.badges() {
		ps, err := r.foldBadge(b)
		if err != nil {
			return err
		}
		fresh.fold(b, ps)
	}
	return nil
}

// maxEarlyRuns bounds the bytes that OpenEvidence spends on entries that must
// bring along those that prove them.
const maxEarlyRuns = 1 << 20

// OpenEvidence calls fn for the entries about visits that are open here and
// that wanted asks for, maxEarly at most: what another node lacks to know who
// may be inside. An entry without a proof of its own comes as the first of a
// run, as long as those are few. raw is valid during the call only; an error
// of fn ends it and is returned.
func (r *Replica) OpenEvidence(wanted func(record.EventID) bool, fn func(raw []byte) error) error {
	r.state.mu.RLock()
	badges := slices.Collect(maps.Keys(r.state.open))
	r.state.mu.RUnlock()
	sent, spent := 0, 0
	for _, b := range badges {
		group, err := r.evidence(b)
		if err != nil {
			return err
		}
		for _, s := range group {
			if !wanted(s.ID) || !chained(s.ID.Doc) {
				continue
			}
			if err := r.Read(s.ID.Doc, s.ID.Actor, s.ID.Seq-1, func(_ uint64, raw []byte) error {
				if envelope.IsRun(raw) {
					if spent += len(raw); spent > maxEarlyRuns {
						return store.ErrStop
					}
				}
				if sent++; sent <= maxEarly {
					if err := fn(raw); err != nil {
						return err
					}
				}
				return store.ErrStop
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
