package mesh

import (
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// maxAsked bounds the single ranges waiting to be pulled from one peer; when
// there are more, everything is compared instead.
const maxAsked = 256

// want is what is to be pulled from one peer. Asking while a pull runs makes
// one more pull after it, however often it is asked.
type want struct {
	ready chan struct{} // capacity one

	mu    sync.Mutex
	all   bool
	spans map[string]span
	first time.Time // when it was last asked for what matters first
}

func (w *want) askAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = true
	signal(w.ready)
}

func (w *want) ask(s span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spans == nil {
		w.spans = map[string]span{}
	}
	if len(w.spans) >= maxAsked {
		w.all = true
	} else if old, ok := w.spans[s.key()]; !ok || s.After < old.After {
		w.spans[s.key()] = s
	}
	signal(w.ready)
}

func (w *want) take() (all bool, spans []span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all = w.all
	for _, s := range w.spans {
		spans = append(spans, s)
	}
	w.all, w.spans = false, nil
	return all, spans
}

const (
	// claimFor is how long a pull that makes no progress keeps others from its
	// ranges.
	claimFor = 5 * time.Second
	// claimWorth is how much longer for each entry of them that has come: a
	// peer that sends four a second is as good as another that would begin anew.
	claimWorth = claimFor / 20
)

// claims keep two pulls from fetching the same range from two peers at once.
type claims struct {
	mu sync.Mutex
	by map[string]*run
}

// run is one pull under way; claims.mu guards it.
type run struct {
	touched time.Time
	keys    []string
}

// take claims a span unless another live pull has it.
func (c *claims) take(r *run, s span) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]*run{}
	}
	r.touched = time.Now()
	key := s.key()
	if other := c.by[key]; other != nil && other != r && time.Since(other.touched) < claimFor {
		return false
	}
	c.by[key] = r
	r.keys = append(r.keys, key)
	return true
}

// touch says how many entries have come of the pull's ranges, by span. What
// another pull has claimed since is the other's doing.
func (c *claims) touch(r *run, moved map[string]uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, worth := time.Now(), time.Duration(0)
	for key, n := range moved {
		if c.by[key] == r {
			worth += claimWorth * time.Duration(min(n, uint64(maxPull/claimWorth)))
		}
	}
	if r.touched = r.touched.Add(worth); r.touched.After(now) {
		r.touched = now
	}
}

func (c *claims) release(r *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range r.keys {
		if c.by[key] == r {
			delete(c.by, key)
		}
	}
	r.keys = nil
}

const (
	maxStalls = 4096
	lastStall = 5 * time.Minute
)

// stalls remember ranges that a peer offers and our Log does not take, so that
// they are asked for less and less often.
type stalls struct {
	mu sync.Mutex
	by map[stallKey]stall
}

type stallKey struct {
	peer identity.NodeID
	span string
}

type stall struct {
	after uint64
	pause time.Duration
	until time.Time
}

// skip reports whether asking for s now is likely in vain.
func (st *stalls) skip(peer identity.NodeID, s span) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	old, ok := st.by[stallKey{peer, s.key()}]
	return ok && old.after == s.After && time.Now().Before(old.until)
}

// note records how far a range came: now is the head after the pull.
func (st *stalls) note(peer identity.NodeID, s span, now uint64, first time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	key := stallKey{peer, s.key()}
	if now > s.After {
		delete(st.by, key)
		return
	}
	old, ok := st.by[key]
	if !ok || old.after != s.After {
		old = stall{after: s.After, pause: first / 2}
	}
	old.pause = min(2*old.pause, lastStall)
	old.until = time.Now().Add(old.pause)
	if st.by == nil {
		st.by = map[stallKey]stall{}
	}
	if !ok && len(st.by) >= maxStalls {
		// Any one goes: of who fills this, mostly one of its own.
		for k := range st.by {
			delete(st.by, k)
			break
		}
	}
	st.by[key] = old
}
