package crdt

import (
	"sync"

	"github.com/upprop/upprop/crdt/record"
)

// tailSize is how many own entries are kept in memory for pushing.
const tailSize = 4096

// state is what readers see: durable and folded.
type state struct {
	// folding serialises folds, so that a later one never loses to an earlier.
	folding sync.Mutex

	mu       sync.RWMutex
	heads    vectors
	sums     map[record.NodeID]map[slot][16]byte
	digests  map[record.DocID][16]byte
	open     map[record.BadgeCode][]record.Presence
	settings map[string]Setting
	// edits are what settings are judged from; guarded by folding.
	edits   edits
	feed    uint64
	horizon record.Day
	changed chan struct{}
	refused map[record.NodeID]map[string]uint64
	// quarantined is filled at Open and never changes.
	quarantined []Quarantined
	closed      bool
	failure     error
	failed      chan struct{}

	// tail holds the encoded own entries tailEnd-len(tail)+1 … tailEnd.
	tail    [][]byte
	tailEnd uint64
	local   chan struct{}
}

func (s *state) init() {
	s.heads = vectors{}
	s.sums = map[record.NodeID]map[slot][16]byte{}
	s.digests = map[record.DocID][16]byte{}
	s.open = map[record.BadgeCode][]record.Presence{}
	s.settings = map[string]Setting{}
	s.edits = edits{}
	s.changed = make(chan struct{})
	s.failed = make(chan struct{})
	s.local = make(chan struct{})
	s.refused = map[record.NodeID]map[string]uint64{}
}

// show makes a settled flight visible, at once as a whole.
func (s *state) show(f *flight, folds map[record.BadgeCode][]record.Presence, settings map[string]*Setting) {
	if len(f.entries) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	own := false
	for _, e := range f.entries {
		s.held(slot{e.id.Doc, e.id.Actor}, e.id.Seq)
		if e.local {
			own = true
			s.tail = append(s.tail, e.raw)
			s.tailEnd++
		}
	}
	if n := len(s.tail); n > 2*tailSize {
		s.tail = append([][]byte(nil), s.tail[n-tailSize:]...)
	}
	for key, now := range settings {
		if now == nil {
			delete(s.settings, key)
		} else {
			s.settings[key] = *now
		}
	}
	for badge, ps := range folds {
		s.fold(badge, ps)
	}
	s.feed = max(s.feed, f.feed)
	close(s.changed)
	s.changed = make(chan struct{})
	if own {
		close(s.local)
		s.local = make(chan struct{})
	}
}

// held notes how far a slot is held. Callers hold mu or are alone.
func (s *state) held(at slot, seq uint64) {
	s.heads.set(at, seq)
	delete(s.digests, at.doc)
	node := at.actor.Node()
	m := s.sums[node]
	if m == nil {
		m = map[slot][16]byte{}
		s.sums[node] = m
	}
	m[at] = slotSum(at, seq)
}

// fold keeps those who may be inside; the rest is read back when asked for.
func (s *state) fold(badge record.BadgeCode, ps []record.Presence) {
	var open []record.Presence
	for _, p := range ps {
		if p.Open() {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		delete(s.open, badge)
		return
	}
	s.open[badge] = open
}

// refuse counts a refusal against its author.
func (r *Replica) refuse(author record.NodeID, reason string) error {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	m := r.state.refused[author]
	if m == nil {
		if len(r.state.refused) > 1024 {
			return errRefused
		}
		m = map[string]uint64{}
		r.state.refused[author] = m
	}
	m[reason]++
	return errRefused
}

// Refused counts what was refused, by author (zero where no author was
// proved) and reason.
func (r *Replica) Refused() map[record.NodeID]map[string]uint64 {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	out := make(map[record.NodeID]map[string]uint64, len(r.state.refused))
	for n, m := range r.state.refused {
		c := make(map[string]uint64, len(m))
		for k, v := range m {
			c[k] = v
		}
		out[n] = c
	}
	return out
}

func (r *Replica) horizon() record.Day {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.horizon
}

func (r *Replica) closed() bool {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.closed
}
