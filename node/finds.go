package node

import (
	"crypto/ed25519"
	"sync"

	"github.com/upprop/upprop/mesh/identity"
)

// maxEarly bounds the members whose addresses are kept until the mesh exists.
const maxEarly = 256

// finds are addresses of members that are heard of outside the mesh. The
// network listens before the mesh exists, so the first may come too early for
// it: they are kept, the newest word of each, and told once. Safe for
// concurrent use.
type finds struct {
	mu    sync.Mutex
	learn func(identity.NodeID, []string)
	early map[identity.NodeID][]string
}

// tell hands addresses on, now or when there is somebody to take them. The
// slice is kept.
func (f *finds) tell(id identity.NodeID, addrs []string) {
	f.mu.Lock()
	learn := f.learn
	if _, known := f.early[id]; learn == nil && (known || len(f.early) < maxEarly) {
		if f.early == nil {
			f.early = map[identity.NodeID][]string{}
		}
		f.early[id] = addrs
	}
	f.mu.Unlock()
	if learn != nil {
		learn(id, addrs)
	}
}

// begin has learn take what was kept, and all that comes from now on. Call it
// once.
func (f *finds) begin(learn func(identity.NodeID, []string)) {
	f.mu.Lock()
	early := f.early
	f.learn, f.early = learn, nil
	f.mu.Unlock()
	for id, addrs := range early {
		learn(id, addrs)
	}
}

// found learns the address of a member seen on the local network.
func (n *Node) found(pub ed25519.PublicKey, addrs []string) {
	if n.roster.Admitted(pub) {
		n.finds.tell(identity.IDOf(pub), addrs)
	}
}
