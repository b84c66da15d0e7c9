package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/pin"
	"github.com/upprop/upprop/node/visits"
)

// house shows the node to the muster.
type house struct{ *App }

// House is what this node's muster is folded from, with the rights of the
// node's role.
func (a *App) House() evac.House { return house{a} }

func (h house) Open() []record.Presence { return h.node.Replica().Open() }

func (h house) LeftSince(at record.HLC) []record.Presence { return h.node.Replica().LeftSince(at) }

func (h house) Card(p record.Presence) (record.Card, error) {
	c, err := h.node.Visits().CardOf(p)
	switch {
	case errors.Is(err, visits.ErrNotNow):
		return c, evac.ErrNotNow
	case errors.Is(err, visits.ErrLocked):
		return c, evac.ErrLocked
	case errors.Is(err, visits.ErrNotYet):
		return c, evac.ErrAsking
	case errors.Is(err, visits.ErrRestricted):
		return c, evac.ErrRestricted
	}
	return c, err
}

func (h house) Evacuations() record.Evacuations { return h.node.Replica().Evacuations() }

func (h house) Sweeps() record.Sweeps { return h.node.Replica().Sweeps() }

func (h house) Calls() record.Calls { return h.node.Replica().Calls() }

func (h house) Feeds() (out []evac.Feed) {
	here := record.NodeID(h.node.Self().ID)
	for _, f := range h.node.Replica().Feeds() {
		if f.Node != here {
			// Its node tells others of it now and then only.
			out = append(out, evac.Feed{Name: f.Name, Node: f.Node, Place: f.Place, Heard: timeOf(f.Heard), Quiet: f.Quiet + feed.Retold(f.Quiet)})
		}
	}
	for _, x := range h.node.Feeds().Sources() {
		out = append(out, evac.Feed{Name: record.FeedName(x.Name), Node: here, Place: x.Place, Heard: x.State.Heard, Quiet: x.Quiet})
	}
	return out
}

func timeOf(t record.HLC) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return t.Time()
}

func (h house) Evidence(b record.BadgeCode) ([]record.Stated, error) {
	return h.node.Replica().Evidence(b)
}

func (h house) Visits(fn func(record.Presence) error) error { return h.node.Replica().Visits(fn) }

// bell lets the warden's screens start and end evacuations.
type bell struct{ alarm *alarm.Service }

func (b bell) Start(ctx context.Context, drill bool, site record.SiteID) error {
	_, err := b.alarm.Start(ctx, drill, site)
	return inWords(err)
}

func (b bell) End(ctx context.Context, reason string) error {
	_, err := b.alarm.End(ctx, reason)
	return inWords(err)
}

func (b bell) Mark(ctx context.Context, code string, mark record.Mark, point record.PointName, how string, once record.OnceID) error {
	c, err := alarm.ParseCode(code)
	if err == nil {
		_, err = b.alarm.Mark(ctx, alarm.MarkRequest{Code: c, Mark: mark, Point: point, How: how, Once: once})
	}
	return inWords(err)
}

func (b bell) Undo(ctx context.Context, code string, once record.OnceID) error {
	c, err := alarm.ParseCode(code)
	if err == nil {
		_, err = b.alarm.Undo(ctx, c, once)
	}
	return inWords(err)
}

func (b bell) Add(ctx context.Context, text string, point record.PointName) (string, error) {
	added, err := b.alarm.Add(ctx, alarm.AddRequest{Text: record.Private(text), Point: point, How: "screen"})
	return added.Badge.String(), inWords(err)
}

func (b bell) Join(ctx context.Context, added, visit string) error {
	from, err := alarm.ParseCode(added)
	if err != nil {
		return inWords(err)
	}
	to, err := alarm.ParseCode(visit)
	if err == nil {
		_, _, err = b.alarm.Join(ctx, from, to)
	}
	return inWords(err)
}

func (b bell) Sweep(ctx context.Context, site record.SiteID, zone record.ZoneID, clear bool) error {
	return inWords(b.alarm.Sweep(ctx, site, zone, clear))
}

func (b bell) Tell(ctx context.Context, at record.RefugeAt, h record.Help) error {
	_, err := b.alarm.Tell(ctx, alarm.TellRequest{Point: at.Point, Site: at.Site, Help: h, How: "screen"})
	return inWords(err)
}

// cables let a drill that is started on a desk's screen cut links.
type cables struct{ *App }

// cables are nil where a drill cannot cut any.
func (a *App) cables() evac.Cables {
	if a.node.Self().Role != identity.RoleDesk {
		return nil
	}
	return cables{a}
}

func (c cables) Nodes() (out []string) {
	for _, m := range c.node.Roster().Members() {
		if m.Revoked == nil {
			out = append(out, m.Name)
		}
	}
	slices.Sort(out)
	if len(out) < 2 {
		return nil
	}
	return out
}

func (c cables) StartCut(ctx context.Context, site record.SiteID, nodes []string, lasts time.Duration) error {
	_, err := c.node.StartCut(ctx, site, nodes, lasts)
	return inWords(err)
}

func (h house) Names() (ok bool, unknown time.Time) { return h.node.Names() }

func (h house) NamesChanged() <-chan struct{} { return h.node.NamesChanged() }

// padlock lets the warden's screens lock and unlock names.
type padlock struct{ pin *pin.Lock }

// PIN is the lock on this node's names, for its screens.
func (a *App) PIN() evac.PIN { return padlock{a.node.PIN()} }

func (p padlock) State() evac.PINState {
	s := p.pin.State()
	return evac.PINState{Asks: s.Asks, Set: s.Set, Locked: s.Locked, Wrong: s.Wrong, WaitUntil: s.WaitUntil, Until: s.Until}
}

func (p padlock) Changed() <-chan struct{} { return p.pin.Changed() }

func (p padlock) Set(given []byte) error { return inWords(p.pin.Set(given)) }

func (p padlock) Unlock(given []byte) error { return inWords(p.pin.Unlock(given)) }

func (p padlock) Lock() error { return inWords(p.pin.Lock()) }

func (h house) Changed() <-chan struct{} { return h.node.Replica().Changed() }

func (h house) Now() time.Time { return h.now() }

func (h house) Entrances() []evac.Entrance {
	self := h.node.Self().ID
	news := map[identity.NodeID]mesh.NodeNews{}
	for _, n := range h.node.Mesh().Freshness() {
		news[n.Node] = n
	}
	var out []evac.Entrance
	for _, m := range h.node.Roster().Members() {
		n := news[m.ID]
		out = append(out, evac.Entrance{
			Node: record.NodeID(m.ID), Name: m.Name, Site: record.SiteID(m.Site), Role: string(m.Role),
			CompleteAsOf: n.AsOf, LastHeard: n.LastHeard, Here: m.ID == self,
		})
	}
	return out
}
