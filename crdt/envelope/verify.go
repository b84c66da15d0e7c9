package envelope

import (
	"sync"

	"github.com/upprop/upprop/crdt/record"
)

// Verifier checks envelopes and remembers the roots it has checked last, so
// that the entries of one commit cost one signature check. Safe for
// concurrent use.
type Verifier struct {
	// Check says whether sig is the node's signature of root under Domain.
	// It is false for a node that is unknown.
	Check func(node record.NodeID, root, sig []byte) bool

	mu   sync.Mutex
	seen map[known]struct{}
	ring [256]known
	next int
}

type known struct {
	node record.NodeID
	root [32]byte
	sig  [64]byte
}

// Verify accepts e or returns ErrSignature.
func (v *Verifier) Verify(e *Envelope) error {
	root, ok := e.Root()
	if !ok {
		return ErrSignature
	}
	k := known{e.ID.Actor.Node(), root, e.Signature}
	v.mu.Lock()
	_, ok = v.seen[k]
	v.mu.Unlock()
	if ok {
		return nil
	}
	if !v.Check(k.node, root[:], e.Signature[:]) {
		return ErrSignature
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil {
		v.seen = map[known]struct{}{}
	}
	delete(v.seen, v.ring[v.next])
	v.seen[k], v.ring[v.next] = struct{}{}, k
	v.next = (v.next + 1) % len(v.ring)
	return nil
}
