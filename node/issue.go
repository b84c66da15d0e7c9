package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
)

// ErrNoRoot means that this node does not hold the campus root.
var ErrNoRoot = errors.New("this node does not hold the campus root: do it on the node that does (the first one), or bring the root here with `upprop root restore`")

// TokenOptions say what a token lets in.
type TokenOptions struct {
	Role                 identity.Role
	Name                 string
	Site, Entrance, Zone string
	TTL                  time.Duration
	// By is who makes it, on record; empty: whoever sits at this node.
	By string
}

// CreateToken makes a token that this node alone redeems, durable before it
// returns.
func (n *Node) CreateToken(o TokenOptions) (join.Token, error) {
	var relays []join.Peer
	for _, p := range n.mesh.Peers() {
		if m, ok := n.roster.Member(p.ID); ok && m.Revoked == nil && len(p.Addrs) > 0 && len(relays) < 2 {
			relays = append(relays, join.Peer{Pub: m.Pub, Addrs: p.Addrs[:min(len(p.Addrs), 2)]})
		}
	}
	addrs := n.net.Addrs()
	t, err := n.desk.Create(join.Options{
		Role: o.Role, Name: o.Name, Site: o.Site, Entrance: o.Entrance, Zone: o.Zone, TTL: o.TTL,
		Addrs: addrs[:min(len(addrs), 4)], Relays: relays,
	})
	if err != nil {
		return t, err
	}
	return t, n.ActBy(o.By, "token.create", nil, t.ID.String()+" "+string(o.Role))
}

// onRecord puts on record what an operator did here; note names nodes, tokens
// and dates, never people.
func (n *Node) onRecord(what, note string) error { return n.audit.Act(what, nil, note) }

// Revoke ends a node's membership: what it wrote and this node knows of goes
// on counting, what comes later does not. Of a node that is revoked already nothing is
// said anew: what has been heard from it since would count.
func (n *Node) Revoke(name string) error { return n.RevokeBy("", name) }

// RevokeBy is Revoke by somebody who does not sit at this node.
func (n *Node) RevokeBy(by, name string) error {
	m, ok := n.roster.ByName(name)
	if !ok {
		return identity.ErrNotMember
	}
	if m.ID == n.key.ID() {
		return errors.New("a node cannot revoke itself: do it at another issuer")
	}
	if m.Revoked != nil {
		return nil
	}
	if _, err := n.roster.Revoke(n.key, m.ID, identity.Ending{Last: n.lastOf(m.ID)}, n.notBefore()); err != nil {
		return err
	}
	return n.ActBy(by, "node.revoke", nil, m.ID.String())
}

// notBefore is the time by this node's clock, or the beginning of the day that it
// files under where the clock shows one before that. A revocation dated decades
// back would be taken for one that nothing can need any more, and be forgotten: what
// comes in then would be sealed to keys that the revoked node holds.
func (n *Node) notBefore() time.Time {
	now, day := n.cfg.Now(), n.KeptFrom().Start()
	if day.After(now) {
		return day
	}
	return now
}

// lastOf is how far a node has written, by what is known here.
func (n *Node) lastOf(id identity.NodeID) (out []identity.LastSeq) {
	for doc := range n.replica.Digests() {
		for _, h := range n.replica.Vector(doc) {
			if identity.NodeID(h.Actor.Node()) == id {
				out = append(out, identity.LastSeq{Doc: string(doc), Actor: h.Actor[:], Seq: h.Seq})
			}
		}
	}
	return out
}

func (n *Node) root() (*identity.Root, error) {
	r, err := identity.LoadRoot(n.folder.root())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoRoot
	}
	return r, err
}

// GrantIssuer appoints a member as issuer, in the name of the root.
func (n *Node) GrantIssuer(name string) error {
	root, err := n.root()
	if err != nil {
		return err
	}
	m, ok := n.roster.ByName(name)
	if !ok {
		return identity.ErrNotMember
	}
	if _, err = n.roster.Appoint(root, m.ID, true, n.cfg.Now()); err != nil {
		return err
	}
	return n.onRecord("issuer.grant", m.ID.String())
}

// ExportRoot writes the campus root to a new file under a passphrase.
func (n *Node) ExportRoot(path, passphrase string) (err error) {
	root, err := n.root()
	if err != nil {
		return err
	}
	// On record first: a copy of the root that nobody can trace must not be.
	if err := n.onRecord("root.export", ""); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("export root: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if err := root.Export(f, passphrase); err != nil {
		return err
	}
	return f.Sync()
}

// RestoreRoot brings the campus root to this node and appoints it as issuer.
func (n *Node) RestoreRoot(path, passphrase string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("restore root: %w", err)
	}
	defer f.Close()
	root, err := identity.RestoreRoot(io.LimitReader(f, 1<<20), passphrase)
	if err != nil {
		return err
	}
	if root.Campus() != n.roster.Campus() {
		return errors.New("this file holds the root of another campus: look for the one that was exported from this campus")
	}
	if _, err := n.root(); errors.Is(err, ErrNoRoot) {
		if err := root.Save(n.folder.root()); err != nil {
			return fmt.Errorf("restore root: %w", err)
		}
	}
	if err := n.onRecord("root.restore", ""); err != nil || n.Self().MayIssue {
		return err
	}
	_, err = n.roster.Appoint(root, n.key.ID(), true, n.cfg.Now())
	return err
}
