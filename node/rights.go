package node

import (
	"cmp"
	"context"
	"errors"
	"net/url"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// Rights acts for the person whom stored data is about.
func (n *Node) Rights() *rights.Service { return n.rights }

func (n *Node) openRights() {
	n.rights = rights.New(rights.Config{
		Register: register{n.replica}, Open: n.forSubject, Host: n.visits.HostOf, Members: n.subjectMembers, Campus: n.CampusName, By: privacy.Operator,
		Erase: n.eraseMany, Channels: n.channels, Watch: n.watched, Until: n.diesOn, Now: n.cfg.Now, Logger: n.log,
		TermsChanged: func() { n.resealer.Wake(); n.kept.Wake(); n.photos.Wake() },
		Photo:        n.photoForSubject, AsksPhotos: n.AsksPhotos, PhotoMeaning: func(days func(string) record.Day) (int, int, error) { return n.photos.Meaning(days) },
		DeliveriesMeaning: func(days record.Day) (int, int) { return n.deliveries.Meaning(days) },
		PastDay:           n.pastDay, Held: n.held, KeptMeaning: func(days func(string) record.Day) (int, int, error) { return n.kept.Meaning(days) },
	})
}

// watched is for how long entries of the watch list stand, where there are any.
func (n *Node) watched() *rights.Watched {
	if _, any := n.watch.Digest(); !any {
		return nil
	}
	usual, most := n.watch.Terms()
	return &rights.Watched{Usual: usual, Most: most}
}

// channels are the hosts that this node sends messages through.
func (n *Node) channels() (out []string) {
	if n.notices == nil {
		return nil
	}
	set := n.notices.Settings()
	if set.SMTP != nil {
		out = append(out, "mail, "+set.SMTP.Host)
	}
	if set.SMS != nil {
		out = append(out, "sms, "+set.SMS.Gateway)
	}
	for _, h := range set.Hooks {
		if u, err := url.Parse(h.URL); err == nil {
			out = append(out, "webhook, "+u.Hostname())
		}
	}
	return out
}

func (n *Node) eraseMany(ctx context.Context, v ...record.VisitID) (record.ErasureID, error) {
	e, err := n.Erase(ctx, v...)
	return e.ID, err
}

// diesOn is the date on which the name of a visit dies.
func (n *Node) diesOn(v record.VisitID) (record.Day, bool) {
	part, err := n.replica.Sealed(record.PartKey{Visit: v, Audience: record.CardAudience})
	return part.Until, err == nil && part.Until != 0
}

// termsNow are the terms of the campus, read anew when a setting has changed.
func (n *Node) termsNow() terms.Terms {
	version := n.replica.SettingsVersion()
	if t := n.terms.Load(); t != nil && t.version == version {
		return t.Terms
	}
	t := &readTerms{terms.Of(n.replica.Settings(terms.Prefix)), version}
	n.terms.Store(t)
	return t.Terms
}

type readTerms struct {
	terms.Terms
	version uint64
}

// Keep is for how many days the parts of a visit of a type are kept.
func (n *Node) Keep(visitorType string) terms.Days { return n.termsNow().For(visitorType) }

// Words are the words by which people consent to something, in a language.
func (n *Node) Words(p consent.Purpose, lang string) consent.Words {
	return consent.Of(n.replica.Settings(consent.Prefix)).Words(p, lang)
}

// Withdraw takes back a consent of a visit.
func (n *Node) Withdraw(ctx context.Context, v record.VisitID, p consent.Purpose, how, by string) error {
	if p == consent.Photo {
		return n.removePhoto(ctx, v, how, cmp.Or(by, privacy.Operator))
	}
	return n.resealer.Withdraw(ctx, v, p, how, cmp.Or(by, privacy.Operator))
}

// forSubject opens all that is stored about a visit, for the person themself.
func (n *Node) forSubject(v record.VisitID) (record.Card, record.Dossier, error) {
	c, d, err := n.visits.ForSubject(v)
	switch {
	case errors.Is(err, visits.ErrNotForUs):
		err = rights.ErrNotDesk
	case errors.Is(err, visits.ErrNotYet):
		err = rights.ErrNotYet
	}
	return c, d, err
}

// subjectMembers are the members with the news of them.
func (n *Node) subjectMembers() (out []rights.Member) {
	news := map[identity.NodeID]mesh.NodeNews{}
	for _, x := range n.mesh.Freshness() {
		news[x.Node] = x
	}
	for _, m := range n.roster.Members() {
		x := news[m.ID]
		one := rights.Member{
			ID: record.NodeID(m.ID), Name: m.Name, Role: string(m.Role), Self: m.ID == n.key.ID(), Desk: m.Role == identity.RoleDesk,
			Joined: m.IssuedAt, CompleteAsOf: x.AsOf, LastHeard: x.LastHeard,
		}
		if m.Revoked != nil {
			one.Revoked = m.Revoked.Time()
		}
		out = append(out, one)
	}
	return out
}
