package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/visits"
	"github.com/upprop/upprop/node/watch"
)

// watchProtocol has an entrance ask a desk for the watch list as doors hold it:
// one frame, the answer.
const watchProtocol = "/upprop/watch/1"

const (
	// watchFor is how long a desk may take to answer.
	watchFor = 5 * time.Second
	watchMax = 2 << 20
)

func (n *Node) openWatch() {
	self := record.NodeID(n.key.ID())
	n.watch = watch.New(watch.Config{
		Settings: register{n.replica}, Vault: boxes{n.vault}, Today: n.date, Barred: n.Barred, Act: n.ActBy, Now: n.cfg.Now, Logger: n.log,
		Desk:    func() bool { return n.access().Dossiers },
		MayEdit: func() bool { return members{n.roster}.mayEdit(self) },
		Revoked: n.revocations,
	})
	n.alerts = watch.NewWatcher(watch.WatcherConfig{
		Book: n.watch, Replica: n.replica, Look: n.lookAt, Expected: n.stillExpected,
		Ready:  func() bool { return n.withheld() == nil },
		Tell:   n.tellOfAlert,
		Counts: func(id record.NodeID) bool { return n.isDesk(identity.NodeID(id)) },
		Now:    n.cfg.Now, Logger: n.log,
	})
	n.net.Handle(watchProtocol, false, n.serveWatch)
}

// Watch is the watch list.
func (n *Node) Watch() *watch.Book { return n.watch }

// Alerts tells who may be on it.
func (n *Node) Alerts() *watch.Watcher { return n.alerts }

// runWatch keeps the list: only entrances ask for it, since a handheld is lost
// more often, and strangers write at neither it nor a relay.
func (n *Node) runWatch(ctx context.Context) error {
	var ask watch.Ask
	if n.Self().Role == identity.RoleEntrance {
		ask = n.askWatch
	}
	return n.watch.Run(ctx, ask)
}

// compared is what the list says of somebody who comes.
func (n *Node) compared(a visits.Arrival) []record.Match {
	return n.watch.Match(watch.Person{Name: a.Name, Company: a.Company, Email: a.Email, Phone: a.Phone})
}

func (n *Node) revocations() (count int) {
	for _, m := range n.roster.Members() {
		if m.Revoked != nil {
			count++
		}
	}
	return count
}

func (n *Node) isDesk(id identity.NodeID) bool {
	m, ok := n.roster.Member(id)
	return ok && m.Revoked == nil && m.Role == identity.RoleDesk
}

// lookAt opens what is compared of a visit or an invitation.
func (n *Node) lookAt(v record.VisitID) (watch.Seen, error) {
	p, err := n.replica.Presence(v)
	if errors.Is(err, crdt.ErrUnknownVisit) {
		return n.lookAtInvitation(v)
	}
	if err != nil {
		return watch.Seen{}, err
	}
	c, d, err := n.visits.ForWatch(p)
	switch {
	case errors.Is(err, visits.ErrRestricted), errors.Is(err, crdt.ErrErased), errors.Is(err, crdt.ErrExpired):
		return watch.Seen{}, watch.ErrGone
	case err != nil:
		return watch.Seen{}, err
	}
	return watch.Seen{
		Person: watch.Person{Name: c.Name, Company: c.Company, Email: d.Email, Phone: d.Phone}, Matches: d.Matches,
		At: p.Since.Time(), Place: p.Seen.Place, Open: p.Open(),
	}, nil
}

func (n *Node) lookAtInvitation(v record.VisitID) (watch.Seen, error) {
	i, err := n.invitations.Get(v)
	switch {
	case err != nil || i.State != invitations.Expected || n.replica.Shredded(v):
		return watch.Seen{}, watch.ErrGone // who has come is a visit
	case i.Invite == nil:
		return watch.Seen{}, crdt.ErrNotKept
	}
	x := i.Invite
	return watch.Seen{
		Person: watch.Person{Name: x.Name, Company: x.Company, Email: x.Email, Phone: x.Phone}, Expected: true,
		At: time.Unix(i.From, 0), Place: i.Place, Open: true,
	}, nil
}

func (n *Node) stillExpected() (out []record.VisitID) {
	for _, i := range n.replica.Invitations() {
		if i.Off.IsZero() && len(i.Uses) == 0 {
			out = append(out, i.ID)
		}
	}
	return out
}

// askWatch asks the desks in touch, one after the other.
func (n *Node) askWatch(ctx context.Context) ([]byte, error) {
	ctx, done := context.WithTimeout(ctx, watchFor)
	defer done()
	err := error(watch.ErrNotHere)
	for _, peer := range n.net.Peers() {
		if !n.isDesk(peer) {
			continue
		}
		var b []byte
		if b, err = n.askWatchOf(ctx, peer); err == nil {
			return b, nil
		}
	}
	return nil, err
}

func (n *Node) askWatchOf(ctx context.Context, peer identity.NodeID) ([]byte, error) {
	s, err := n.net.Open(ctx, peer, watchProtocol)
	if err != nil {
		return nil, fmt.Errorf("ask for the watch list: %w", err)
	}
	defer s.Reset()
	if err := errors.Join(s.SetDeadline(time.Now().Add(watchFor)), s.CloseWrite()); err != nil {
		return nil, fmt.Errorf("ask for the watch list: %w", err)
	}
	b, err := stream.ReadFrame(s, watchMax)
	if err != nil {
		return nil, fmt.Errorf("ask for the watch list: %w", err)
	}
	return b, nil
}

// serveWatch tells an entrance in good standing what doors hold. What it gets is
// for its memory alone.
func (n *Node) serveWatch(_ context.Context, s stream.Stream) {
	m, ok := n.roster.Member(s.Remote())
	if !ok || m.Revoked != nil || m.Role != identity.RoleEntrance || n.Barred() != nil {
		s.Reset()
		return
	}
	b, err := n.watch.Tell()
	if err != nil || s.SetDeadline(time.Now().Add(watchFor)) != nil || stream.WriteFrame(s, b) != nil {
		s.Reset()
		return
	}
	_ = s.Close() // who asked may be gone
}

// alertTurn is how much longer each next desk waits for the word of one before
// it, before it tells the reception's address of an alert.
const alertTurn = 30 * time.Second

// tellOfAlert tells the reception's address, where this node sends mail and is
// the next to do so.
func (n *Node) tellOfAlert(a watch.Alert, known time.Duration) bool {
	if known < time.Duration(n.desksBefore())*alertTurn || !a.Expected && n.cfg.Now().Sub(a.At) > 12*time.Hour {
		return false
	}
	taken, err := n.notices.Watch(a.Visit, a.Place, a.At)
	if err != nil {
		n.log.Error("the reception could not be told of an alert; tried again", "err", err)
	}
	return taken
}

// Called is the name of a visit's person, or of whom an invitation expects; empty
// where this node may not open it.
func (n *Node) Called(v record.VisitID) record.Private {
	if c, err := n.visits.Card(v); err == nil {
		return c.Name
	}
	if i, err := n.invitations.Get(v); err == nil && i.Invite != nil {
		return i.Invite.Name
	}
	return ""
}
