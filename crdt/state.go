package crdt

import (
	"slices"
	"sync"

	"github.com/upprop/upprop/crdt/record"
)

// tailSize is how many own entries are kept in memory for pushing.
const tailSize = 4096

// state is what readers see: durable and folded.
type state struct {
	// folding serialises folds, so that a later one never loses to an earlier.
	folding sync.Mutex

	mu      sync.RWMutex
	heads   vectors
	sums    map[record.NodeID]map[slot][16]byte
	digests map[record.DocID][16]byte
	open    map[record.BadgeCode][]record.Presence
	// left holds those who left, or were marked, at leftFrom or later.
	left     map[record.BadgeCode][]record.Presence
	leftFrom record.HLC
	// joined are, by a visit, the badges of those in open and left that turned
	// out to be its bearer.
	joined map[record.VisitID][]record.BadgeCode
	// leftLimit is at how many it is looked who can be let go.
	leftLimit int
	settings  map[string]Setting
	// edited counts the changes of settings and acts in this life.
	edited uint64
	// evacuations are replaced, never changed.
	evacuations record.Evacuations
	sweeps      record.Sweeps
	calls       record.Calls
	// feeds are those that fed holds, as far as they count; replaced, never
	// changed.
	feeds record.Feeds
	// fed are all feeds that are not over, by node and name; guarded by folding.
	fed fedBy
	// invited are the events of invitations, delivered those of deliveries.
	invited, delivered apart
	// edits are what settings are judged from; guarded by folding.
	edits   edits
	feed    uint64
	horizon record.Day
	ahead   map[record.DocID]ahead
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
	s.leftLimit = leftLimit
	s.left = map[record.BadgeCode][]record.Presence{}
	s.joined = map[record.VisitID][]record.BadgeCode{}
	s.settings = map[string]Setting{}
	s.invited, s.delivered = apart{}, apart{}
	s.edits = edits{}
	s.fed = newFedBy()
	s.ahead = map[record.DocID]ahead{}
	s.changed = make(chan struct{})
	s.failed = make(chan struct{})
	s.local = make(chan struct{})
	s.refused = map[record.NodeID]map[string]uint64{}
}

// show makes a settled flight visible, at once as a whole.
func (s *state) show(f *flight, folds map[record.BadgeCode][]record.Presence, settings map[string]*Setting) {
	if len(f.entries) == 0 && !f.healed {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	own := false
	for _, e := range f.entries {
		s.held(slot{e.id.Doc, e.id.Actor}, e.id.Seq)
		if e.event != nil && e.event.Apart() {
			s.setApart(record.Stated{ID: e.id, Event: *e.event})
		}
		if e.local {
			own = true
			s.tail = append(s.tail, e.raw)
			s.tailEnd++
		}
	}
	if n := len(s.tail); n > 2*tailSize {
		s.tail = append([][]byte(nil), s.tail[n-tailSize:]...)
	}
	if len(settings) > 0 || slices.ContainsFunc(f.entries, func(e staged) bool { return e.acts != nil }) {
		s.edited++
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

// tell has readers look again at what is not of one entry.
func (s *state) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edited++
	close(s.changed)
	s.changed = make(chan struct{})
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

// fold keeps those who may be inside and those who have just left; the rest is
// read back when asked for.
func (s *state) fold(badge record.BadgeCode, ps []record.Presence) {
	var open, left []record.Presence
	for _, p := range ps {
		switch {
		case p.Open():
			open = append(open, p)
		case stillWanted(p, s.leftFrom):
			left = append(left, p)
		}
	}
	s.keep(badge, open, left)
}

// keep replaces what is at hand of a badge. Callers hold mu or are alone.
func (s *state) keep(badge record.BadgeCode, open, left []record.Presence) {
	for to := range joinedFrom(s.open[badge], s.left[badge]) {
		s.joined[to] = slices.DeleteFunc(s.joined[to], func(b record.BadgeCode) bool { return b == badge })
		if len(s.joined[to]) == 0 {
			delete(s.joined, to)
		}
	}
	putOrDrop(s.open, badge, open)
	putOrDrop(s.left, badge, left)
	for to := range joinedFrom(open, left) {
		s.joined[to] = append(s.joined[to], badge)
	}
}

// joinedFrom are the visits that these turned out to be; none for nearly all.
func joinedFrom(of ...[]record.Presence) (to map[record.VisitID]bool) {
	for _, ps := range of {
		for i := range ps {
			if j := ps[i].Joined; !j.IsZero() {
				if to == nil {
					to = map[record.VisitID]bool{}
				}
				to[j] = true
			}
		}
	}
	return to
}

// crowded reports that it is time to look who of those who left can be let go.
func (s *state) crowded() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.left) >= s.leftLimit
}

func putOrDrop(in map[record.BadgeCode][]record.Presence, badge record.BadgeCode, ps []record.Presence) {
	if len(ps) == 0 {
		delete(in, badge)
		return
	}
	in[badge] = ps
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
