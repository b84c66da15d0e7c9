package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/link"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/visits"
)

// register shows the replica to those who keep what is personal.
type register struct{ *crdt.Replica }

// Act implements privacy.Register.
func (r register) Act(ctx context.Context, acts []record.Act) error {
	_, err := r.Commit(ctx, crdt.Draft{Acts: acts})
	return err
}

// Publish implements access.Publisher.
func (r register) Publish(ctx context.Context, acts []record.Act) error { return r.Act(ctx, acts) }

// Set writes settings, durably, whoever has set them before.
func (r register) Set(ctx context.Context, all ...crdt.Setting) error {
	var drafts []crdt.Draft
	for _, s := range all {
		drafts = append(drafts, crdt.Draft{Setting: &s})
	}
	return sheet.Commit(ctx, r.Commit, drafts...)
}

// Known takes a visit for known of which there is an event, or a key record
// whose event has not come yet. It implements privacy.Register.
func (r register) Known(v record.VisitID) (bool, error) {
	if v.IsPhoto() {
		return true, nil // it comes last, and may be destroyed before it has come
	}
	_, err := r.Presence(v)
	if err == nil || !errors.Is(err, crdt.ErrUnknownVisit) {
		return err == nil, err
	}
	_, err = r.Sealed(record.PartKey{Visit: v, Audience: record.CardAudience})
	if errors.Is(err, crdt.ErrUnknownVisit) {
		// An invitation has no card.
		_, err = r.Sealed(record.PartKey{Visit: v, Audience: record.DossierAudience})
	}
	switch {
	case errors.Is(err, crdt.ErrUnknownVisit):
		return false, nil
	case errors.Is(err, crdt.ErrErased), errors.Is(err, crdt.ErrExpired):
		return true, nil
	}
	return err == nil, err
}

// Shreds implements privacy.Register.
func (r register) Shreds() ([]privacy.Shred, error) {
	all, err := r.Replica.Shreds()
	out := make([]privacy.Shred, 0, len(all))
	for _, s := range all {
		one := privacy.Shred{Visit: s.Visit, Until: s.Until}
		for _, e := range s.Erasures {
			one.Erasures = append(one.Erasures, privacy.ErasureBy(e))
		}
		out = append(out, one)
	}
	return out, err
}

// KeyRecords implements privacy.Records.
func (r register) KeyRecords(fn func(privacy.KeyRecord) error) error {
	return r.Replica.KeyRecords(func(k crdt.KeyRecord) error { return fn(privacy.KeyRecord(k)) })
}

// reach are the members that may be asked for erasures.
type reach struct{ *Node }

// Peers implements privacy.Peers.
func (r reach) Peers() (out []identity.NodeID) {
	for _, id := range r.net.Peers() {
		if m, ok := r.roster.Member(id); ok && m.Revoked == nil {
			out = append(out, id)
		}
	}
	return out
}

// Ask implements privacy.Peers.
func (r reach) Ask(ctx context.Context, peer identity.NodeID) (privacy.Answer, error) {
	return r.exchange.Ask(ctx, peer)
}

// Pull implements privacy.Peers.
func (r reach) Pull(peer identity.NodeID) { r.mesh.Fetch(peer) }

// openExchange lets members ask which acts are held here.
func (n *Node) openExchange() error {
	n.exchange = privacy.NewExchange(n.net, func() privacy.Answer {
		return privacy.Answer{Horizon: n.expiry.Horizon(), Heads: n.replica.ActsVectors()}
	})
	return nil
}

// openKeeping makes what keeps personal data from being shown, kept or read
// for longer than it may be.
func (n *Node) openKeeping() (err error) {
	r := register{n.replica}
	n.privacy = privacy.New(privacy.Config{
		Register: r, Settings: r, Roster: n.roster, Self: n.key.ID(), LastHeard: n.lastHeard,
		Since: n.since, Gone: n.goneDate, Now: n.cfg.Now, Logger: n.log,
		Stands: func(v record.VisitID) record.Day { return n.kept.Until(v) },
	})
	n.gate, err = privacy.OpenGate(privacy.GateConfig{
		Acts: n.replica, Peers: reach{n}, Keeper: confirmedKeeper{n.store}, Others: n.others, Offline: n.offline,
		Joined: func() time.Time { return n.Self().IssuedAt }, Now: n.cfg.Now, Logger: n.log,
	})
	if err != nil {
		return err
	}
	n.net.Notify(func(identity.NodeID, bool) { n.gate.Wake() })
	n.resealer = privacy.NewResealer(privacy.ResealerConfig{
		Records: r, Sealer: n.vault, Act: r.Act, Role: func() identity.Role { return n.Self().Role }, Today: n.date, Sure: n.expiry.SureToday,
		Dated: n.datedSince, AllCovered: n.allCovered, Keep: n.Keep, Now: n.cfg.Now, Logger: n.log,
		Over: func(ctx context.Context, v []record.VisitID) (int, error) { return n.rights.EraseOver(ctx, v) },
		Kept: func() func(record.Presence) bool { return n.rights.Kept() },
	})
	n.maker = access.NewMaker(access.MakerConfig{
		Store: n.ring, Publisher: r, Book: n.vault.book, Members: n.roster.Members, Self: n.key.ID(), Today: n.sureDate,
		Rank: n.rank, Settled: n.allCovered, Lost: n.grants.Lost, Ahead: n.cfg.KeysAhead, Logger: n.log,
	})
	n.audit = audit.New(audit.Config{Write: r.Act, By: privacy.Operator, Logger: n.log})
	return nil
}

// runMaker makes keys ahead, and at once when a membership has ended.
func (n *Node) runMaker(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	defer n.roster.Watch(func(identity.Record) {
		select {
		case wake <- struct{}{}:
		default:
		}
	})()
	return n.maker.Run(ctx, wake)
}

// date is the first date whose keys may be used no more, by all that this node
// has to go by; what others say of the clock is looked at once a second.
func (n *Node) date() record.Day {
	now, last := time.Now(), n.dated.Load()
	if last != nil && now.Sub(last.at) < time.Second && record.DayOf(n.cfg.Now()) == last.clock {
		return last.day
	}
	d := &dated{day: n.expiry.Today(), clock: record.DayOf(n.cfg.Now()), at: now}
	n.dated.Store(d)
	return d.day
}

type dated struct {
	day, clock record.Day
	at         time.Time // monotonic
}

// KeptFrom is the day from which the retention of what is taken in now counts: that
// under which it is filed, but none that this node knows to be past, whose keys
// would have died already.
func (n *Node) KeptFrom() record.Day { return max(n.replica.FilingDay(), n.expiry.Sound()) }

// goneDate is the last date whose keys have died here, or at a member whose
// clock agrees with ours.
func (n *Node) goneDate() record.Day {
	return max(n.expiry.Horizon(), n.exchange.Horizon(n.agreeing))
}

// sureDate is the date to make keys from; false while the clock is in doubt.
func (n *Node) sureDate() (record.Day, bool) { return n.date(), n.expiry.Sure() }

// agreeing reports whether a member is heard and its clock agrees with ours.
func (n *Node) agreeing(id identity.NodeID) bool {
	m, ok := n.roster.Member(id)
	return ok && m.Revoked == nil && slices.ContainsFunc(n.mesh.Freshness(), func(x mesh.NodeNews) bool {
		return x.Node == id && expiry.Agrees(x, n.cfg.Now())
	})
}

func (n *Node) lastHeard(id identity.NodeID) (at time.Time) {
	for _, x := range n.mesh.Freshness() {
		if x.Node == id {
			return x.LastHeard
		}
	}
	return at
}

// others reports whether the campus has other members in good standing.
func (n *Node) others() bool {
	return slices.ContainsFunc(n.roster.Members(), func(m identity.Member) bool { return m.ID != n.key.ID() && m.Revoked == nil })
}

// offline reports whether no member can be reached since all networks of this
// device are off. Members that go by loopback are on this device itself, and are
// there without a network.
func (n *Node) offline() bool {
	if n.cfg.Offline == nil && n.cfg.Network != nil {
		return false
	}
	off := n.cfg.Offline
	if off == nil {
		off = link.Offline
	}
	if !off() || loops(cmp.Or(n.cfg.Listen, n.about.Listen)) {
		return false
	}
	book, err := bookKeeper{n.store}.Load()
	return err == nil && !slices.ContainsFunc(book, func(e mesh.BookEntry) bool { return slices.ContainsFunc(e.Addrs, loops) })
}

// loops reports whether an "IP:PORT" is of this device alone.
func loops(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// since is when a visit's particulars may first have been sealed.
func (n *Node) since(v record.VisitID) time.Time {
	if v.IsPhoto() {
		return n.photoSince(v)
	}
	if p, err := n.replica.Presence(v); err == nil && p.Since != 0 {
		return p.Since.Time()
	}
	return time.Time{}
}

// allCovered reports whether every other member in good standing is heard, and
// all that it has written is held here.
func (n *Node) allCovered() bool {
	now := n.cfg.Now()
	return !slices.ContainsFunc(n.mesh.Freshness(), func(x mesh.NodeNews) bool {
		return x.State != mesh.Self && x.State != mesh.Revoked && !(expiry.Heard(x, now) && x.Covered)
	})
}

// datedSince is when the first keys with a date came to be known here.
func (n *Node) datedSince() time.Time {
	k := timeKeeper{n.store, keyDated}
	at, err := k.load()
	if err != nil || !at.IsZero() {
		return at
	}
	if !slices.ContainsFunc(n.vault.known(), func(k access.Key) bool { return k.Day != 0 }) {
		return at
	}
	at = n.cfg.Now()
	if err := k.save(at); err != nil {
		n.log.Error("since when keys have dates could not be saved; tried again later", "err", err)
		return time.Time{}
	}
	return at
}

// rank is how many connected desks come before this one.
func (n *Node) rank() (before int) {
	self := n.key.ID()
	for _, id := range n.net.Peers() {
		m, ok := n.roster.Member(id)
		if ok && m.Revoked == nil && m.Role == identity.RoleDesk && bytes.Compare(id[:], self[:]) < 0 {
			before++
		}
	}
	return before
}

// tellFor is how long those who are there may take to tell of erasures after a
// start.
const tellFor = time.Minute

// toldOfErasures reports whether all that others know of is held here, or they
// have had time to tell of it.
func (n *Node) toldOfErasures() bool {
	return time.Since(n.began) >= tellFor || n.allCovered()
}

// withheld says why no name may be shown at this moment.
func (n *Node) withheld() error {
	if ok, _ := n.gate.Names(); !ok {
		return visits.ErrNotYet
	}
	return nil
}

// Erase implements api.Privacy. With a visit goes the invitation by which it began,
// where that is of nothing else. What must be kept of the visits is kept apart
// first. Errors: *kept.HeldError, those of privacy.
func (n *Node) Erase(ctx context.Context, v ...record.VisitID) (e privacy.Erasure, err error) {
	v = withInvitations(n.deliveries.With(v), n.replica.Invitations(), n.replica.Shredded, n.cfg.Now())
	err = n.kept.Erasing(ctx, v, func() (err error) {
		e, err = n.privacy.Erase(ctx, n.withPhotos(v)...)
		return err
	})
	return e, err
}

// ErasureStatus implements api.Privacy.
func (n *Node) ErasureStatus(id record.ErasureID) (privacy.Status, error) {
	return n.privacy.Status(id)
}

// ErasureStatuses implements api.Privacy.
func (n *Node) ErasureStatuses() ([]privacy.Summary, error) { return n.privacy.Statuses() }

// Rectify implements api.Privacy; by is on record, empty: whoever sits at this
// node. What is kept of the visit past its day is corrected too, or alone where
// nothing else is left; v may be the id of one record of that. Where that cannot be
// corrected now, nothing is.
func (n *Node) Rectify(ctx context.Context, v record.VisitID, c privacy.Correction, by string) error {
	by = cmp.Or(by, privacy.Operator)
	if err := n.kept.Ready(v); err != nil {
		return err
	}
	err := n.resealer.Rectify(ctx, v, c, by)
	if err != nil && !errors.Is(err, privacy.ErrNotOpened) {
		return err
	}
	right := kept.Right{Name: c.Name, Company: c.Company, Host: c.Host, Email: c.Email, Phone: c.Phone}
	done, bad := n.kept.Rectify(ctx, v, right, func() error {
		if err == nil {
			return nil // it is on record
		}
		act := record.Act{Kind: record.ActAudit, What: privacy.ActRectify, By: by, Visits: []record.VisitID{v}, Note: c.Fields()}
		return register{n.replica}.Act(ctx, []record.Act{act})
	})
	if bad != nil {
		return bad
	}
	if done > 0 {
		return nil
	}
	return err
}

// WriteOff implements api.Privacy.
func (n *Node) WriteOff(ctx context.Context, name string) error { return n.privacy.WriteOff(ctx, name) }

// keysFirst has a desk make keys of coming dates before those that it has die to
// until: who comes in next must be sealed to one that is there and can be opened.
// Errors: expiry.ErrKeysFirst.
func (n *Node) keysFirst(ctx context.Context, until record.Day) error {
	if n.Self().Role != identity.RoleDesk {
		return nil
	}
	if err := n.maker.Make(ctx); err != nil {
		return err
	}
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
		if _, ok := access.Choose(n.vault.known(), a, until+access.Ahead, until, n.vault.epoch(a)); !ok {
			return expiry.ErrKeysFirst
		}
	}
	return nil
}

// AllowExpiry implements api.Privacy. Before the last keys of a desk die it makes
// new ones. Errors: expiry.ErrNotYet, expiry.ErrKeysFirst.
func (n *Node) AllowExpiry(ctx context.Context, until record.Day) error {
	if until > record.DayOf(n.cfg.Now()) {
		return expiry.ErrNotYet
	}
	act := record.Act{Kind: record.ActAudit, What: "keys.expire", By: privacy.Operator, Note: until.Start().Format(time.DateOnly)}
	if err := (register{n.replica}).Act(ctx, []record.Act{act}); err != nil {
		return fmt.Errorf("allow expiry: %w", err)
	}
	if until == record.DayOf(n.cfg.Now()) {
		if err := n.expiry.Believe(); err != nil {
			return err
		}
	}
	if err := n.keysFirst(ctx, until); err != nil {
		return err
	}
	return n.expiry.Allow(until)
}

// Names reports whether names may be shown now, and since when it is not known
// whether all erasures have been heard of.
func (n *Node) Names() (ok bool, unknown time.Time) { return n.gate.Names() }

// Expiry says what keys of past dates wait for.
func (n *Node) Expiry() expiry.Report { return n.expiry.Report() }

// Audit puts acts on record.
func (n *Node) Audit() *audit.Log { return n.audit }

// VerifyAudit implements api.Audit, as does AuditLines.
func (n *Node) VerifyAudit() (audit.Report, error) {
	var held []audit.Held
	for doc, heads := range n.replica.ActsVectors() {
		for _, h := range heads {
			held = append(held, audit.Held{Doc: doc, Actor: h.Actor, Seq: h.Seq})
		}
	}
	first := n.replica.Horizon()
	if first == 0 {
		first = record.Day(n.keptBefore.Load())
	}
	return audit.Verify(n.readActs, first, held)
}

// AuditLines implements api.Audit.
func (n *Node) AuditLines() ([]audit.Line, error) { return audit.List(n.readActs) }

func (n *Node) readActs(fn func(audit.Entry) error) error {
	return n.replica.ReadActs(func(s crdt.StoredActs) error { return fn(audit.Entry(s)) })
}
