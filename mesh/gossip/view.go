package gossip

import (
	"context"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// Condition is what the gossip believes of a node.
type Condition int

const (
	// Alive nodes answer, someone or this node.
	Alive Condition = iota + 1
	// Suspect nodes did not answer; they have a second or two to object.
	Suspect
	// Dead nodes did not object, or said goodbye.
	Dead
)

// String is the condition in a word.
func (c Condition) String() string {
	switch c {
	case Alive:
		return "alive"
	case Suspect:
		return "suspect"
	case Dead:
		return "dead"
	}
	return "unknown"
}

// State is one node's condition and since when this node has believed it.
type State struct {
	ID        identity.NodeID
	Condition Condition
	Since     time.Time
}

// view is what this node believes of the others.
type view struct {
	self identity.NodeID

	mu     sync.Mutex
	nodes  map[identity.NodeID]*belief
	queue  []State
	waking chan struct{}
}

type belief struct {
	State
	incarnation uint32 // of the latest rumour overheard
}

func newView(self identity.NodeID) *view {
	return &view{self: self, nodes: make(map[identity.NodeID]*belief), waking: make(chan struct{}, 1)}
}

// set records a condition.
func (v *view) set(id identity.NodeID, c Condition) {
	if id == v.self {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	b := v.nodes[id]
	if b == nil {
		b = &belief{State: State{ID: id}}
		v.nodes[id] = b
	}
	v.change(b, c)
}

// change queues a notification if the condition is news. The caller holds mu.
func (v *view) change(b *belief, c Condition) {
	if b.Condition == c {
		return
	}
	b.Condition, b.Since = c, time.Now()
	v.queue = append(v.queue, b.State)
	select {
	case v.waking <- struct{}{}:
	default:
	}
}

// overhear learns from a packet that this node's memberlist is sending who is
// under suspicion: memberlist tells its delegates of deaths only.
func (v *view) overhear(packet []byte) {
	for _, r := range rumours(packet) {
		if r.about == v.self {
			continue
		}
		v.mu.Lock()
		if b := v.nodes[r.about]; b != nil {
			switch {
			case r.suspect && r.incarnation >= b.incarnation && b.Condition == Alive:
				b.incarnation = r.incarnation
				v.change(b, Suspect)
			case !r.suspect && r.incarnation > b.incarnation:
				b.incarnation = r.incarnation
				if b.Condition == Suspect {
					v.change(b, Alive)
				}
			}
		}
		v.mu.Unlock()
	}
}

// acquit takes suspects for alive again whose time to be declared dead has
// long passed: the rumour of their innocence was not overheard.
func (v *view) acquit() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, b := range v.nodes {
		if b.Condition == Suspect && time.Since(b.Since) > suspicionEnds {
			v.change(b, Alive)
		}
	}
}

// members are the beliefs about admitted nodes.
func (v *view) members(admitted func(identity.NodeID) bool) []State {
	v.mu.Lock()
	all := make([]State, 0, len(v.nodes))
	for _, b := range v.nodes {
		all = append(all, b.State)
	}
	v.mu.Unlock()
	out := all[:0]
	for _, s := range all {
		if admitted(s.ID) {
			out = append(out, s)
			continue
		}
		v.forget(s.ID)
	}
	return out
}

// forget drops a dead node that is a member no more.
func (v *view) forget(id identity.NodeID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if b := v.nodes[id]; b != nil && b.Condition == Dead {
		delete(v.nodes, id)
	}
}

// alive is how many others are not dead.
func (v *view) alive() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	count := 0
	for _, b := range v.nodes {
		if b.Condition != Dead {
			count++
		}
	}
	return count
}

// isAlive reports whether a node is believed alive beyond suspicion.
func (v *view) isAlive(id identity.NodeID) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	b := v.nodes[id]
	return b != nil && b.Condition == Alive
}

// deliver calls changed for every change in order until ctx ends.
func (v *view) deliver(ctx context.Context, changed func(State)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.waking:
		}
		v.mu.Lock()
		news := v.queue
		v.queue = nil
		v.mu.Unlock()
		for _, s := range news {
			if changed != nil {
				changed(s)
			}
		}
	}
}
