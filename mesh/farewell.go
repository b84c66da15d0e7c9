package mesh

import (
	"context"
	"slices"
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

// serveFarewell tells a revoked node that it is.
func (m *Mesh) serveFarewell(_ context.Context, s stream.Stream) {
	// One that is not in the roster may have been forgotten since it was revoked.
	who, ok := m.cfg.Roster.Member(s.Remote())
	proof := m.proofOfRevocation(s.Remote())
	if ok && who.Revoked == nil || len(proof) == 0 || s.SetDeadline(time.Now().Add(m.cfg.Patience)) != nil {
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

// proofOfRevocation is the revocation of a node, and the certificates of those
// who signed it.
func (m *Mesh) proofOfRevocation(id identity.NodeID) (out [][]byte) {
	signers := map[identity.NodeID]bool{}
	var certs []identity.Record
	for _, raw := range m.cfg.Roster.Records() {
		r, err := identity.ParseRecord(raw)
		switch {
		case err != nil:
		case r.Revocation != nil && r.Revocation.Node == id:
			signers[r.Signer] = true
			out = append(out, raw)
		case r.Cert != nil:
			certs = append(certs, r)
		}
	}
	for _, c := range certs {
		if signers[c.Cert.Node()] {
			out = slices.Insert(out, 0, c.Raw)
		}
	}
	return out[:min(len(out), maxFarewell)]
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
