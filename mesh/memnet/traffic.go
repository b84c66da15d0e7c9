package memnet

import (
	"sync/atomic"

	"github.com/upprop/upprop/mesh/identity"
)

// Traffic is what one host has sent by one protocol since the Net was made,
// over restarts. Bytes are those of the streams: what a real network adds to
// carry them (encryption, packets, acknowledgements) is not counted.
type Traffic struct {
	Streams uint64 // opened by this host
	Writes  uint64 // complete calls of Write
	Bytes   uint64
}

type flow struct{ streams, writes, bytes atomic.Uint64 }

// flow is where a host's traffic is counted. The caller holds mu.
func (n *Net) flow(id identity.NodeID, protocol string) *flow {
	by := n.traffic[id]
	if by == nil {
		by = map[string]*flow{}
		n.traffic[id] = by
	}
	if by[protocol] == nil {
		by[protocol] = &flow{}
	}
	return by[protocol]
}

// Sent is what a host has sent so far, by protocol.
func (n *Net) Sent(id identity.NodeID) map[string]Traffic {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[string]Traffic{}
	for protocol, f := range n.traffic[id] {
		out[protocol] = Traffic{f.streams.Load(), f.writes.Load(), f.bytes.Load()}
	}
	return out
}
