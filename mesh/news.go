package mesh

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

// State is how a member can be reached now.
type State string

const (
	// Self is this node.
	Self State = "self"
	// Connected members have a standing connection with us.
	Connected State = "connected"
	// ReachableVia members are heard of lately, over a third.
	ReachableVia State = "reachable via"
	// Silent members are neither.
	Silent State = "silent"
	// Revoked members are heard no more.
	Revoked State = "revoked"
)

// NodeNews is how fresh our entries of one member are.
type NodeNews struct {
	beat.News
	State State
}

// Freshness is the news of every member, this node and revoked ones included,
// by id. A member never heard of has zero times. What a revoked one wrote
// before is still on the lists, so its last news stands. This node's own is of
// now, unless it has heard that it lacks what it acknowledged itself.
func (m *Mesh) Freshness() []NodeNews {
	heard := map[identity.NodeID]beat.News{}
	for _, n := range m.table.Snapshot() {
		heard[n.Node] = n
	}
	connected := map[identity.NodeID]bool{}
	for _, id := range m.cfg.Net.Peers() {
		connected[id] = true
	}
	now := m.cfg.Clock()
	var all []NodeNews
	for _, who := range m.cfg.Roster.Members() {
		n := NodeNews{News: heard[who.ID], State: Silent}
		n.Node = who.ID
		switch {
		case who.ID == m.self:
			n.State, n.AsOf, n.LastHeard, n.Direct, n.Covered = Self, now, now, true, true
		case who.Revoked != nil:
			n.State = Revoked
		case connected[who.ID]:
			n.State = Connected
		case n.LastHeard.After(now):
			// Our clock has been set back since, and no beat has come: nobody knows
			// how long ago that was.
		case !n.LastHeard.IsZero() && now.Sub(n.LastHeard) <= 5*m.cfg.BeatEvery:
			n.State = ReachableVia
		}
		m.clones.temper(&n.News, m.Cloned(who.ID))
		if who.ID == m.self {
			m.losses.tell(&n.News)
		}
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b NodeNews) int { return strings.Compare(string(a.Node[:]), string(b.Node[:])) })
	return all
}

// PeerInfo is a connected member.
type PeerInfo struct {
	ID      identity.NodeID
	Since   time.Time
	Release string // empty until its hello came
	Addrs   []string
}

// Peers are the connected members, in no order.
func (m *Mesh) Peers() []PeerInfo {
	var out []PeerInfo
	for _, p := range m.connected() {
		p.mu.Lock()
		info := PeerInfo{ID: p.id, Since: p.since, Release: p.release}
		p.mu.Unlock()
		info.Addrs = m.cfg.Net.RemoteAddrs(p.id)
		out = append(out, info)
	}
	return out
}

// watchGap is the least time between two calls of a watcher.
const watchGap = 200 * time.Millisecond

type watches struct {
	mu   sync.Mutex
	fns  map[int]func()
	next int
}

// Watch has fn called after what Freshness or Peers return may have changed,
// also by mere silence, but not more often than five times a second. Calls
// are serial, on a goroutine of Run; fn must not block for long. stop ends
// the calls; one may still be under way when it returns.
func (m *Mesh) Watch(fn func()) (stop func()) {
	w := &m.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fns == nil {
		w.fns = map[int]func(){}
	}
	id := w.next
	w.next++
	w.fns[id] = fn
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.fns, id)
	}
}

func (m *Mesh) runWatches(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.dirty:
		}
		m.watches.mu.Lock()
		fns := make([]func(), 0, len(m.watches.fns))
		for _, fn := range m.watches.fns {
			fns = append(fns, fn)
		}
		m.watches.mu.Unlock()
		for _, fn := range fns {
			fn()
		}
		if !sleep(ctx, watchGap) {
			return
		}
	}
}
