package mesh

import (
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

const (
	// cloneStands is how long a node counts as cloned after the last sign: of
	// running time, for a clock that is put right would make that hours or years.
	cloneStands = 2 * time.Minute
	// cloneReturns is how often beats of a life must come back after those of
	// another before the two are taken for two machines.
	cloneReturns = 3
	// cloneLives bounds the lives remembered of a node.
	cloneLives = 8
	// calmLife is how long a node that knows itself cloned stays in one life:
	// long enough for its beats to be told from the other's, short enough for
	// the two to go on hearing of each other.
	calmLife = 15 * time.Second
)

// clones notices that two machines run with one node's key, as after a data
// folder was copied. Lives of one machine follow one another; those of two
// alternate.
type clones struct {
	mu   sync.Mutex
	seen map[identity.NodeID]*alternation
}

type alternation struct {
	lives   []life // oldest first
	last    beat.Incarnation
	returns int
	sign    time.Time // of the last return, monotonic
	// cap is the freshness that stands while two machines run: neither's word
	// covers what the other acknowledges.
	cap time.Time
}

type life struct {
	inc   beat.Incarnation
	n     uint64
	since time.Time // of its first beat seen, by its own clock
}

// see notes a beat that came on its own node's stream, or one that another
// member has just heard and that is newer than all known here or goes on
// besides them: where each of two machines has other peers, nobody else meets
// both. A past life handed on late is none of these.
func (c *clones) see(b beat.Beat, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[identity.NodeID]*alternation{}
	}
	a := c.seen[b.Node]
	if a == nil {
		a = &alternation{}
		c.seen[b.Node] = a
	}
	if now.Sub(a.sign) > cloneStands {
		a.returns = 0
	}
	for i := range a.lives {
		l := &a.lives[i]
		if l.inc != b.Incarnation {
			continue
		}
		if b.N > l.n {
			if a.last != b.Incarnation {
				a.returns, a.sign = a.returns+1, now
			}
			l.n, a.last = b.N, b.Incarnation
		}
		return
	}
	if len(a.lives) == cloneLives {
		a.lives = append(a.lives[:0], a.lives[1:]...)
	}
	a.lives = append(a.lives, life{b.Incarnation, b.N, b.At})
	a.last = b.Incarnation
}

// besides reports whether a beat that others handed on, and that is not the
// newest, would tell of a second machine: its life is not the one last seen,
// has gone on, and says this beat after the other began. A past life told late
// ended before that, unless the clock was set back in between.
func (c *clones) besides(b beat.Beat) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.seen[b.Node]
	if a == nil || len(a.lives) == 0 || a.last == b.Incarnation {
		return false
	}
	for _, l := range a.lives {
		if l.inc == b.Incarnation && b.N <= l.n || l.inc == a.last && b.At.Before(l.since) {
			return false
		}
	}
	return true
}

// heard reports whether a node is cloned, by what was seen.
func (c *clones) heard(id identity.NodeID, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.seen[id]
	return a != nil && a.returns >= cloneReturns && now.Sub(a.sign) <= cloneStands
}

// temper holds back the freshness of a cloned node.
func (c *clones) temper(n *beat.News, cloned bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.seen[n.Node]
	if a == nil && cloned { // this node, of whose beats it sees only the other's
		a = &alternation{}
		if c.seen == nil {
			c.seen = map[identity.NodeID]*alternation{}
		}
		c.seen[n.Node] = a
	}
	switch {
	case a == nil:
	case !cloned:
		a.cap = time.Time{}
	case a.cap.IsZero():
		a.cap = n.AsOf
	case n.AsOf.After(a.cap):
		n.AsOf = a.cap
	}
}

// Cloned reports whether two machines run with a node's key, this node's own
// included.
func (m *Mesh) Cloned(id identity.NodeID) bool {
	if id == m.self {
		return m.own.cloned()
	}
	return m.clones.heard(id, time.Now())
}

// foreign are beats signed with our key that we did not make.
type foreign struct {
	mine  map[beat.Incarnation]bool
	first time.Time // receipt of the first of a run, monotonic
	said  time.Time // its own time
	sign  time.Time // the last that proved another machine, monotonic
	moved time.Time // when we last began a life because of one, monotonic
}

// other notes a foreign beat and reports whether another machine makes them:
// their own time goes on as ours does, so they are none of our past.
func (f *foreign) other(b beat.Beat, now time.Time, every time.Duration) bool {
	if f.first.IsZero() || now.Sub(f.first) > cloneStands || b.At.Before(f.said) {
		f.first, f.said = now, b.At
		return false
	}
	span := now.Sub(f.first)
	if span < 3*every || b.At.Sub(f.said) < span/2 {
		return false
	}
	f.sign, f.first, f.said = now, now.Add(-3*every), b.At.Add(-3*every)
	return true
}
