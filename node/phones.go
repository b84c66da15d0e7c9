package node

import (
	"context"
	"strings"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/pairing"
	"github.com/upprop/upprop/node/privacy"
)

// Phones are the phones that stand in for handhelds.
func (n *Node) Phones() *pairing.Service { return n.phones }

func (n *Node) openPhones() *pairing.Service {
	acts := &phoneActs{node: n}
	return pairing.New(pairing.Config{
		Self:   record.NodeID(n.key.ID()),
		Sign:   func(b []byte) []byte { return n.key.Sign(pairing.Domain, b) },
		Verify: members{n.roster}.paired,
		Record: func(ctx context.Context, what, note string) error {
			act := record.Act{Kind: record.ActAudit, What: what, By: privacy.Operator, Note: note}
			return (register{n.replica}).Act(ctx, []record.Act{act})
		},
		Acts: acts.each,
		Now:  n.cfg.Now,
	})
}

// paired says whether a member in good standing has signed a pairing. Those of
// a revoked one end with it: a phone can be paired anew.
func (m members) paired(node record.NodeID, signed, sig []byte) error {
	x, ok := m.Member(identity.NodeID(node))
	if !ok || x.Revoked != nil || !identity.Verify(x.Pub, pairing.Domain, signed, sig) {
		return pairing.ErrSigner
	}
	return nil
}

// phoneActs are the acts of pairings, read anew when there are new acts.
type phoneActs struct {
	node    *Node
	mu      sync.Mutex
	version uint64
	acts    []pairing.Act
}

func (p *phoneActs) each(fn func(pairing.Act)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.node.replica.SettingsVersion(); p.acts == nil || now != p.version {
		acts, err := p.read()
		if err != nil {
			return err
		}
		p.acts, p.version = acts, now
	}
	for _, a := range p.acts {
		fn(a)
	}
	return nil
}

// read takes the acts that count: a pairing's from whoever wrote it while in
// good standing, a revocation's from who may edit the settings or paired.
func (p *phoneActs) read() ([]pairing.Act, error) {
	m := members{p.node.roster}
	acts := []pairing.Act{}
	by := map[string]record.NodeID{}
	err := p.node.replica.ReadActs(func(s crdt.StoredActs) error {
		if m.standing(s.ID) != record.Counted {
			return nil
		}
		for _, a := range s.Acts.Acts {
			if a.Kind != record.ActAudit || a.What != pairing.ActPair && a.What != pairing.ActRevoke {
				continue
			}
			x := pairing.Act{What: a.What, Note: a.Note, At: a.At.Time(), Node: s.ID.Actor.Node()}
			if id, _, _ := strings.Cut(a.Note, " "); a.What == pairing.ActPair && by[id].IsZero() {
				by[id] = x.Node
			}
			acts = append(acts, x)
		}
		return nil
	})
	out := acts[:0]
	for _, a := range acts {
		id, _, _ := strings.Cut(a.Note, " ")
		if a.What == pairing.ActPair && by[id] == a.Node || a.What == pairing.ActRevoke && (m.mayEdit(a.Node) || by[id] == a.Node) {
			out = append(out, a)
		}
	}
	return out, err
}
