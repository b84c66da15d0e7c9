package access

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

// denials is how long a member's word counts that it does not hold a key. Who
// is connected is asked again every few seconds.
const denials = time.Minute

// deny notes that a member was asked for keys and gave none of those that are
// lacking still.
func (g *Grants) deny(peer identity.NodeID, asked []seal.KeyID) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	said := g.denied[peer]
	if said == nil {
		said = map[seal.KeyID]time.Time{}
		g.denied[peer] = said
	}
	for id, at := range said {
		if now.Sub(at) > denials {
			delete(said, id)
		}
	}
	for _, id := range asked {
		said[id] = now
	}
}

// Lost are those of the keys that nobody has any more: they are not here, and
// every other member in good standing whose role is due them has said within
// the last minute that it does not hold them. Who is away, or locked, may hold
// them, and then they are not lost; whom an operator has declared destroyed
// holds nothing.
func (g *Grants) Lost(keys []Key) (out []seal.KeyID) {
	self, ok := g.cfg.Roster.Member(g.cfg.Self)
	if !ok || self.Revoked != nil {
		return nil
	}
	holders := map[record.Audience][]identity.NodeID{}
	for _, m := range g.cfg.Roster.Members() {
		if m.ID == g.cfg.Self || m.Revoked != nil || g.cfg.WrittenOff != nil && g.cfg.WrittenOff(m.ID) {
			continue
		}
		for _, a := range Audiences(m.Role) {
			holders[a] = append(holders[a], m.ID)
		}
	}
	lacking := map[seal.KeyID]bool{}
	for _, id := range g.cfg.Keys.Lacking(Audiences(self.Role)) {
		lacking[id] = true
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, k := range keys {
		if lacking[k.ID] && !slices.ContainsFunc(holders[k.Audience], func(id identity.NodeID) bool {
			at, said := g.denied[id][k.ID]
			return !said || now.Sub(at) > denials
		}) {
			out = append(out, k.ID)
		}
	}
	return out
}

// Gone are the keys that are published and with nobody any more.
func Gone(keys []Key) map[seal.KeyID]bool {
	out := map[seal.KeyID]bool{}
	for _, k := range keys {
		if k.Gone {
			out[k.ID] = true
		}
	}
	return out
}
