package node

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/access"
)

// members answers the replica's and the network's questions about who is who
// from the roster.
type members struct{ *identity.Roster }

// check says whether sig is the node's signature of a commit's root. Revoked
// nodes' entries verify too: the fold judges what they are worth.
func (m members) check(node record.NodeID, root, sig []byte) bool {
	x, ok := m.Member(identity.NodeID(node))
	return ok && identity.Verify(x.Pub, envelope.Domain, root, sig)
}

// mayEdit says whose settings count.
func (m members) mayEdit(node record.NodeID) bool {
	x, ok := m.Member(identity.NodeID(node))
	return ok && (x.MayIssue || x.Role == identity.RoleDesk)
}

// maySeal says whose sealings outrank others: of those who may read them. What
// the bearer of a badge could read is ended by whoever seals anew. What was filled
// in before an arrival is taken in anywhere: of it the last stands, whoever sealed it.
func (m members) maySeal(node record.NodeID, a record.Audience) bool {
	x, ok := m.Member(identity.NodeID(node))
	may := access.Audiences(x.Role)
	if a == record.BeforeAudience {
		return ok
	}
	return ok && (slices.Contains(may, a) || a == record.BearerAudience && len(may) > 0)
}

// standing judges an event of a revoked node by the last sequence that counts.
func (m members) standing(id record.EventID) record.Standing {
	x, ok := m.Member(identity.NodeID(id.Actor.Node()))
	if !ok && m.Denied(identity.NodeID(id.Actor.Node())) {
		return record.Late
	}
	if !ok || x.Revoked == nil {
		return record.Counted
	}
	for _, last := range x.Revoked.Last {
		if last.Doc == string(id.Doc) && string(last.Actor) == string(id.Actor[:]) && id.Seq <= last.Seq {
			return record.Counted
		}
	}
	return record.Late
}

// endings sums up whose membership has ended and where: all that standing
// goes by.
func (m members) endings() [32]byte {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, x := range m.Members() {
		if x.Revoked == nil {
			continue
		}
		if err := enc.Encode(x.Revoked); err != nil {
			panic(fmt.Sprintf("sum up a revocation: %v", err)) // plain data and a hash: neither fails
		}
	}
	return [32]byte(h.Sum(nil))
}

// admit judges a key that wants a connection.
func (m members) admit(guests func() bool) stream.Admit {
	return func(pub ed25519.PublicKey) stream.Standing {
		switch {
		case m.Admitted(pub):
			return stream.Member
		case guests():
			return stream.Guest
		case m.revoked(pub):
			return stream.Guest // it may hear that it has been revoked
		}
		return stream.Refused
	}
}

func (m members) revoked(pub ed25519.PublicKey) bool {
	return m.Denied(identity.IDOf(pub))
}

// place is where a member stands.
func place(x identity.Member) record.Place {
	p := record.Place{
		Site: record.SiteID(x.Site), Zone: record.ZoneID(x.Zone), Entrance: record.EntranceID(x.Entrance),
	}
	if p.Entrance == "" {
		p.Entrance = record.EntranceID(x.Name)
	}
	return p
}
