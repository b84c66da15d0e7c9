package mesh

import (
	"bytes"
	"fmt"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

const (
	// MaxGossip bounds a gossip payload: who hands it on, flags, an
	// age, a beat.
	MaxGossip = 16 + 1 + ageSize + beat.MaxSize
	// MaxState bounds the state of gossip, in bytes.
	MaxState = 512 << 10
)

// A gossip payload is the id of the member that hands a beat on, and the body
// of a beat frame. The id is a hint, where to pull from; it proves nothing and
// is used only when it names a connected member.

// relay hands a beat of another node to the gossip.
func (m *Mesh) relay(b beat.Beat, covered bool) {
	if m.cfg.Gossip == nil {
		return
	}
	m.broadcast(b.Node.String(), b, beatFrame(b, covered, m.table.Age(b.Node)))
}

// relayBesides hands on what the other of two machines with one key says. It
// is not the newest of that node; but who meets only one of the two, or
// neither, learns from it that there are two. age is how long others held it.
func (m *Mesh) relayBesides(b beat.Beat, age time.Duration) {
	if m.cfg.Gossip == nil {
		return
	}
	m.broadcast(b.Node.String()+" besides", b, beatFrame(b, false, age))
}

// broadcast gives the gossip a beat frame in place of the last of that name.
func (m *Mesh) broadcast(name string, b beat.Beat, frame []byte) {
	payload := append(bytes.Clone(m.self[:]), frame[1:]...)
	if err := m.cfg.Gossip.Broadcast(name, payload); err != nil {
		m.cfg.Logger.Warn("hand a beat to the gossip", "node", b.Node.Short(), "error", err)
		return
	}
	m.counts.add("beats_relayed", 1)
}

// HearGossip takes a payload that another member gave to its gossip. The slice
// is the Mesh's. Before Run and after it the payload is dropped.
func (m *Mesh) HearGossip(payload []byte) {
	from, body, err := splitGossip(payload)
	if err != nil {
		m.counts.add("dropped_gossip_malformed", 1)
		return
	}
	m.during(func() { _ = m.hear(body, from, false) }) // counted there
}

func splitGossip(payload []byte) (from identity.NodeID, body []byte, err error) {
	if len(payload) <= len(from) || len(payload) > MaxGossip {
		return from, nil, fmt.Errorf("%w: gossip of %d bytes", errMalformed, len(payload))
	}
	return identity.NodeID(payload[:len(from)]), payload[len(from):], nil
}

// LocalState is the newest beats of all nodes, for gossip's exchange of states:
// our id, then the bodies of beat frames, each after its length. If they are
// more than MaxState, some are left out, others each time.
func (m *Mesh) LocalState() []byte {
	state := bytes.Clone(m.self[:])
	for _, frame := range m.allBeats() {
		if next := appendItem(state, frame[1:]); len(next) <= MaxState {
			state = next
		}
	}
	return state
}

// MergeState takes what LocalState of another member gave. The slice is the
// Mesh's. Before Run and after it the state is dropped.
func (m *Mesh) MergeState(state []byte) {
	from, bodies, err := splitState(state)
	if err != nil {
		m.counts.add("dropped_gossip_malformed", 1)
		return
	}
	m.during(func() {
		for _, body := range bodies {
			if m.hear(body, from, false) != nil {
				return // counted there; the rest is worth no more
			}
		}
	})
}

func splitState(state []byte) (from identity.NodeID, bodies [][]byte, err error) {
	if len(state) < len(from) || len(state) > MaxState {
		return from, nil, fmt.Errorf("%w: state of %d bytes", errMalformed, len(state))
	}
	bodies, err = splitItems(state[len(from):], beat.MaxSize+1+ageSize)
	return identity.NodeID(state[:len(from)]), bodies, err
}
