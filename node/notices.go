package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// openLetters opens the keys of letters that wait in the outbox: a vault of
// their own, whose keys die by renewal and not by a date. One that another
// passphrase is on, left by a change that was cut off, is begun anew; letters
// that wait are lost then, and said to be.
func (n *Node) openLetters(o seal.VaultOptions) (err error) {
	n.letters, err = seal.OpenVault(n.folder.letters(), o)
	if !errors.Is(err, seal.ErrPassphrase) {
		return err
	}
	n.log.Warn("the keys of waiting notices rest under another passphrase than the node's: they are begun anew")
	disk := o.FS
	if disk == nil {
		disk = seal.OSFS()
	}
	if err := disk.Remove(n.folder.letters()); err != nil {
		return fmt.Errorf("begin the keys of notices anew: %w", err)
	}
	n.letters, err = seal.OpenVault(n.folder.letters(), o)
	return err
}

// openNotices makes what tells hosts and those inside.
func (n *Node) openNotices() (err error) {
	told := &claims{actReader: actReader{node: n}, by: map[record.EvacID][]notify.Claim{}, asked: map[record.VisitID]bool{}}
	n.notices, err = notify.New(notify.Config{
		Store: n.store, Keys: n.letters, Replica: n.replica, Self: record.NodeID(n.key.ID()), File: n.folder.notices(),
		Place: func() record.Place { return place(n.Self()) },
		Opens: func() bool { return n.access().Dossiers }, Dossier: n.visits.Dossier,
		Points: n.Gathering, Rank: n.desksBefore, InTouch: n.inTouch, Claims: told.of, Claim: told.say,
		Host: n.hostOf, Reminded: told.reminded, Remind: told.remind,
		SignLink: n.signLink, Barred: n.Barred, Now: n.cfg.Now, Logger: n.log,
	})
	if err != nil {
		return err
	}
	if err := n.dropSecrets(); err != nil {
		n.log.Warn("a secret that no channel has any more could not be removed", "err", err)
	}
	return nil
}

// announce takes down who is to be told of an arrival.
func (n *Node) announce(v record.VisitID, a visits.Arrival) func(bool) {
	return n.notices.Announce(v, notify.Arrival{Name: a.Name, Company: a.Company, Host: cmp.Or(a.HostMail, a.Host), Quiet: a.Waits()})
}

// hostOf is who a visit's host is: the address that was written, or the one in
// the directory of hosts.
func (n *Node) hostOf(ctx context.Context, v record.VisitID) (record.Private, error) {
	c, err := n.visits.Card(v)
	if err != nil || c.Host == "" {
		return "", err
	}
	return cmp.Or(n.hostMail(ctx, c.Host), c.Host), nil
}

// Notices tells hosts and those inside.
func (n *Node) Notices() *notify.Service { return n.notices }

// touch is for how long a node that was heard of counts as in touch.
const touch = time.Minute

// inTouch reports whether a node is heard of, if need be through others.
func (n *Node) inTouch(id record.NodeID) bool {
	return slices.ContainsFunc(n.mesh.Freshness(), func(x mesh.NodeNews) bool { return x.Node == identity.NodeID(id) && n.hears(x) })
}

func (n *Node) hears(x mesh.NodeNews) bool {
	return x.State == mesh.Self || x.State == mesh.Connected ||
		x.State != mesh.Revoked && !x.LastHeard.IsZero() && n.cfg.Now().Sub(x.LastHeard).Abs() <= touch
}

// desksBefore is how many desks in touch come before this one by their ids.
func (n *Node) desksBefore() (before int) {
	self := n.key.ID()
	for _, x := range n.mesh.Freshness() {
		m, ok := n.roster.Member(x.Node)
		if ok && m.Role == identity.RoleDesk && n.hears(x) && bytes.Compare(x.Node[:], self[:]) < 0 {
			before++
		}
	}
	return before
}

// signLink makes a link's token in this node's name.
func (n *Node) signLink(l record.Link) (string, error) { return n.signLinkFor(record.LinkDomain, l) }

// signInviteLink makes the token of the link in an invitation.
func (n *Node) signInviteLink(l record.Link) (string, error) {
	return n.signLinkFor(record.InviteLinkDomain, l)
}

func (n *Node) signLinkFor(domain string, l record.Link) (string, error) {
	l.Issuer = record.NodeID(n.key.ID()).Issuer()
	return record.SignLink(l, func(b []byte) []byte { return n.key.Sign(domain, b) })
}

// Link reads the token of a link in a message. It counts when a desk in good
// standing signed it: whoever takes an entrance's key can make nobody safe.
// Errors: record.ErrLink.
func (n *Node) Link(token string) (record.Link, error) { return n.linkFor(record.LinkDomain, token) }

// signApproval makes the token of the link by which a host approves.
func (n *Node) signApproval(l record.Link) (string, error) {
	return n.signLinkFor(record.ApprovalLinkDomain, l)
}

// approvalLink reads the token of the link by which a host approves, as Link does.
func (n *Node) approvalLink(token string) (record.Link, error) {
	return n.linkFor(record.ApprovalLinkDomain, token)
}

// inviteLink reads the token of the link in an invitation, as Link does.
func (n *Node) inviteLink(token string) (record.Link, error) {
	return n.linkFor(record.InviteLinkDomain, token)
}

func (n *Node) linkFor(domain, token string) (record.Link, error) {
	l, err := record.ParseLink(token)
	if err != nil {
		return l, err
	}
	for _, m := range n.roster.Members() {
		if m.Role == identity.RoleDesk && m.Revoked == nil && record.NodeID(m.ID).Issuer() == l.Issuer &&
			identity.Verify(m.Pub, domain, l.Signed(), l.Sig[:]) {
			return l, nil
		}
	}
	return record.Link{}, record.ErrLink
}

// What a claim on the messages of an evacuation is called on record.
const (
	actClaim = "notices.claim"
	actDone  = "notices.done"
	// actRemind: a host is asked about a visit.
	actRemind = "notices.remind"
)

// claims are the acts by which nodes say that they send the messages of an
// evacuation.
type claims struct {
	actReader
	by map[record.EvacID][]notify.Claim
	// asked are the visits that a host was asked about.
	asked map[record.VisitID]bool
}

// of are the claims on a start, in order of time.
func (c *claims) of(start record.EvacID) ([]notify.Claim, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(c.take); err != nil {
		return nil, fmt.Errorf("read who sends messages: %w", err)
	}
	return slices.Clone(c.by[start]), nil
}

// actReader reads acts on record: all that were there when it was first asked, and
// those that came since.
type actReader struct {
	node *Node

	mu     sync.Mutex
	read   bool
	cursor crdt.Cursor
}

// catchUp has take read what it has not; an entry may come twice. Callers hold mu.
func (c *actReader) catchUp(take func(record.EventID, record.Acts)) error {
	r := c.node.replica
	if !c.read {
		end := r.End()
		if err := r.ReadActs(func(s crdt.StoredActs) error {
			take(s.ID, s.Acts)
			return nil
		}); err != nil {
			return err
		}
		c.cursor, c.read = end, true
	}
	for {
		changes, err := r.Feed(c.cursor, 256)
		if err != nil || len(changes) == 0 {
			return err
		}
		for _, x := range changes {
			if c.cursor = x.Cursor; x.Acts != nil {
				take(x.ID, *x.Acts)
			}
		}
	}
}

// desk reports whether a node is a desk whose word counts.
func (c *actReader) desk(id record.NodeID) bool {
	m, ok := c.node.roster.Member(identity.NodeID(id))
	return ok && m.Role == identity.RoleDesk && m.Revoked == nil
}

// take keeps the claims of one entry; one that is taken twice is the same.
func (c *claims) take(id record.EventID, acts record.Acts) {
	for _, a := range acts.Acts {
		if a.Kind != record.ActAudit || a.What != actClaim && a.What != actDone && a.What != actRemind {
			continue
		}
		// Whose word counts is a desk's: no other can have sent anything.
		by := id.Actor.Node()
		if !c.desk(by) {
			continue
		}
		if a.What == actRemind {
			for _, v := range a.Visits {
				c.asked[v] = true
			}
			continue
		}
		var start record.EvacID
		if start.UnmarshalText([]byte(a.Note)) != nil {
			continue
		}
		one := notify.Claim{Node: by, At: a.At, Done: a.What == actDone}
		if !slices.Contains(c.by[start], one) {
			c.by[start] = append(c.by[start], one)
		}
		slices.SortFunc(c.by[start], func(a, b notify.Claim) int {
			if a.At != b.At {
				return map[bool]int{true: -1, false: 1}[a.At < b.At]
			}
			return bytes.Compare(a.Node[:], b.Node[:])
		})
	}
}

// say puts a claim of this node on record, durable when it returns.
func (c *claims) say(ctx context.Context, start record.EvacID, done bool) error {
	what := actClaim
	if done {
		what = actDone
	}
	act := record.Act{Kind: record.ActAudit, What: what, By: privacy.Operator, Note: start.String()}
	return (register{c.node.replica}).Act(ctx, []record.Act{act})
}

// reminded reports whether a desk has said that it asks the host of a visit.
func (c *claims) reminded(v record.VisitID) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(c.take); err != nil {
		return false, fmt.Errorf("read who asks hosts: %w", err)
	}
	return c.asked[v], nil
}

// remind puts on record that this node asks the host of a visit.
func (c *claims) remind(ctx context.Context, v record.VisitID) error {
	act := record.Act{Kind: record.ActAudit, What: actRemind, By: privacy.Operator, Visits: []record.VisitID{v}}
	return (register{c.node.replica}).Act(ctx, []record.Act{act})
}
