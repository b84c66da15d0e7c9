package gossip

import (
	"sync"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	// perPeer is how many streams of one peer are served at once: it joins,
	// exchanges and pings, one of each at a time as a rule.
	perPeer = 4
	// exchanges is how many streams memberlist has in hand at once; others
	// wait for their turn.
	exchanges = 16
)

// places bound what peers have memberlist do at once.
type places struct {
	turns chan struct{}

	mu sync.Mutex
	of map[identity.NodeID]int
}

func newPlaces() *places {
	return &places{turns: make(chan struct{}, exchanges), of: map[identity.NodeID]int{}}
}

// enter takes a place for a peer's stream, if it has one left.
func (p *places) enter(id identity.NodeID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[id] >= perPeer {
		return false
	}
	p.of[id]++
	return true
}

// leave gives it back.
func (p *places) leave(id identity.NodeID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[id]--; p.of[id] == 0 {
		delete(p.of, id)
	}
}
