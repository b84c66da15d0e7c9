package mesh

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// FarewellProtocol is where a revoked node is told so: it opens the stream and
// gets the signed revocation. Guests may open it, but nothing of theirs is
// read. A node that goes on in the belief that it is a member would welcome
// people who are on nobody's list.
const FarewellProtocol = "/upprop/farewell/1"

// maxFarewell bounds the records of a farewell.
const maxFarewell = 64

// farewells keep what revoked nodes are told, so that a question costs no walk
// through the roster, and whom it is being told: each key once at a time. How
// many keys that are, the network bounds, to which they are guests.
type farewells struct {
	mu      sync.Mutex
	telling map[identity.NodeID]bool
	of      [32]byte // the roster's digest that proofs are of
	proofs  map[identity.NodeID][][]byte
}

// enter takes the one place of a key; leave gives it back.
func (f *farewells) enter(id identity.NodeID) (leave func(), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.telling[id] {
		return nil, false
	}
	if f.telling == nil {
		f.telling = map[identity.NodeID]bool{}
	}
	f.telling[id] = true
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.telling, id)
	}, true
}

// proof is the revocation of a node, and the certificates of those who signed
// it.
func (f *farewells) proof(r Roster, id identity.NodeID) [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := r.Digest(); f.proofs == nil || now != f.of {
		f.of, f.proofs = now, proofsOf(r.Records())
	}
	return f.proofs[id]
}

// proofsOf are the proofs of all who are revoked.
func proofsOf(records [][]byte) map[identity.NodeID][][]byte {
	out := map[identity.NodeID][][]byte{}
	signers := map[identity.NodeID][]identity.NodeID{} // whom each has revoked
	var certs []identity.Record
	for _, raw := range records {
		r, err := identity.ParseRecord(raw)
		switch {
		case err != nil:
		case r.Revocation != nil:
			id := r.Revocation.Node
			out[id] = append(out[id], raw)
			if !slices.Contains(signers[r.Signer], id) {
				signers[r.Signer] = append(signers[r.Signer], id)
			}
		case r.Cert != nil:
			certs = append(certs, r)
		}
	}
	for _, c := range certs {
		for _, id := range signers[c.Cert.Node()] {
			out[id] = slices.Insert(out[id], 0, c.Raw)
		}
	}
	for id, raws := range out {
		out[id] = raws[:min(len(raws), maxFarewell)]
	}
	return out
}

// serveFarewell tells a revoked node that it is.
func (m *Mesh) serveFarewell(_ context.Context, s stream.Stream) {
	leave, ok := m.farewells.enter(s.Remote())
	if !ok {
		s.Reset()
		return
	}
	defer leave()
	// One that is not in the roster may have been forgotten since it was revoked.
	if who, ok := m.cfg.Roster.Member(s.Remote()); ok && who.Revoked == nil {
		s.Reset()
		return
	}
	proof := m.farewells.proof(m.cfg.Roster, s.Remote())
	if len(proof) == 0 || s.SetDeadline(time.Now().Add(m.cfg.Patience)) != nil {
		s.Reset()
		return
	}
	for _, raw := range proof {
		if stream.WriteFrame(s, raw) != nil {
			s.Reset()
			return
		}
	}
	m.counts.add("farewells", 1)
	_ = s.CloseWrite()
	// The peer closes when it has read; it has nothing to say.
	var none [1]byte
	_, _ = s.Read(none[:])
	_ = s.Close()
}

// askFarewell asks a member that does not take us for one whether we have been
// revoked, and believes only what is signed.
func (m *Mesh) askFarewell(ctx context.Context, id identity.NodeID) {
	s, err := m.cfg.Net.Open(ctx, id, FarewellProtocol)
	if err != nil {
		return
	}
	defer s.Reset()
	defer context.AfterFunc(ctx, s.Reset)()
	if s.SetDeadline(time.Now().Add(m.cfg.Patience)) != nil {
		return
	}
	var raws [][]byte
	for len(raws) < maxFarewell {
		raw, err := stream.ReadFrame(s, identity.MaxRecord)
		if err != nil {
			break
		}
		raws = append(raws, raw)
	}
	if n, err := m.cfg.Roster.Merge(raws); n > 0 || err != nil {
		m.cfg.Logger.Info("told of a revocation", "peer", id.Short(), "records", n, "err", err)
	}
}
