package api

import (
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/cable"
)

// State says how a node stands to this one.
type State string

const (
	// Here: this node.
	Here State = "here"
	// Connected: a standing connection, and heard of within quiet, if ever.
	Connected State = "connected"
	// Via: heard of lately, through another node.
	Via State = "via"
	// Silent: neither.
	Silent State = "silent"
	// Never: never heard of.
	Never State = "never"
	// Revoked: no member any more.
	Revoked State = "revoked"
)

// quiet is after how long without a beat, five of them, a connection counts as
// one with nobody at its other end: QUIC notices only after half a minute.
const quiet = 10 * time.Second

// standing is how a member stands to this node at now.
func standing(x mesh.NodeNews, now time.Time) State {
	heard := !x.LastHeard.IsZero()
	switch {
	case x.State == mesh.Connected && (!heard || now.Sub(x.LastHeard) <= quiet):
		return Connected
	case !heard:
		return Never
	case x.State == mesh.ReachableVia:
		return Via
	}
	return Silent
}

// Node is one node of the campus.
type Node struct {
	ID       record.NodeID `json:"id"`
	Name     string        `json:"name"`
	Role     identity.Role `json:"role"`
	Site     string        `json:"site"`
	Zone     string        `json:"zone"`
	Entrance string        `json:"entrance"`
	State    State         `json:"state"`
	Issuer   bool          `json:"issuer"`
	// LastHeard is when the node was last known to live, by our clock.
	LastHeard Stamp `json:"last_heard"`
	// CompleteAsOf: all that the node acknowledged before is known here.
	CompleteAsOf Stamp `json:"complete_as_of"`
	// ViaNode names who last handed on its news, where it did not come itself.
	ViaNode *string `json:"via"`
	// ClockOffset is its clock minus ours, null until it has been measured.
	ClockOffset *int64 `json:"clock_offset_ms"`
	// ClockSuspect: the clock is off by more than a minute.
	ClockSuspect bool     `json:"clock_suspect"`
	Release      *string  `json:"release"`
	Addrs        []string `json:"addrs"`
	RevokedAt    Stamp    `json:"revoked_at"`
	// CutUntil is when a drill restores the link to it at the latest, null where
	// none has cut it.
	CutUntil Stamp `json:"cut_until"`
	// Trouble are the codes of what `upprop doctor` finds wrong with the node.
	Trouble []string `json:"trouble"`
}

func (a *API) listNodes(*http.Request) (any, error) { return a.Nodes(), nil }

// Nodes are all nodes of the campus as this one sees them.
func (a *API) Nodes() []Node {
	n := a.cfg.Node
	news := map[identity.NodeID]mesh.NodeNews{}
	for _, x := range n.Mesh().Freshness() {
		news[x.Node] = x
	}
	peers := map[identity.NodeID]mesh.PeerInfo{}
	for _, p := range n.Mesh().Peers() {
		peers[p.ID] = p
	}
	self, troubles := n.Self().ID, a.troubles()
	cuts := map[record.NodeID]cable.Link{}
	for _, l := range n.Cables().Cut() {
		cuts[l.Peer] = l
	}
	members := n.Roster().Members()
	out := make([]Node, 0, len(members))
	for _, m := range members {
		d := Node{
			ID: record.NodeID(m.ID), Name: m.Name, Role: m.Role, Site: m.Site, Zone: m.Zone, Entrance: m.Entrance,
			Issuer: m.MayIssue && m.Revoked == nil, Addrs: []string{}, Trouble: append([]string{}, troubles[m.Name]...),
		}
		d.fresh(n.Roster(), news[m.ID], a.cfg.Now())
		d.CutUntil = Stamp{cuts[d.ID].Until}
		if p, ok := peers[m.ID]; ok {
			d.Addrs = p.Addrs
			if p.Release != "" {
				d.Release = &p.Release
			}
		}
		switch {
		case m.ID == self:
			d.State, d.LastHeard, d.Addrs = Here, Stamp{a.cfg.Now()}, n.Network().Addrs()
			d.Release = &a.cfg.Release
		case m.Revoked != nil:
			d.State, d.RevokedAt = Revoked, Stamp{m.Revoked.Time()}
		}
		out = append(out, d)
	}
	return out
}

// fresh fills in how news of a node stands.
func (d *Node) fresh(r *identity.Roster, x mesh.NodeNews, now time.Time) {
	d.LastHeard, d.CompleteAsOf = Stamp{x.LastHeard}, Stamp{x.AsOf}
	d.State = standing(x, now)
	if x.LastHeard.IsZero() {
		return
	}
	if via, ok := r.Member(x.Via); ok && !x.Direct {
		d.ViaNode = &via.Name
	}
	ms := x.ClockOffset.Milliseconds()
	d.ClockOffset, d.ClockSuspect = &ms, x.Suspect
}

// Named is the request about one node, and the answer.
type Named struct {
	Name string `json:"name"`
}

func (a *API) revoke(r *http.Request) (any, error) {
	return a.actOn(r, func(name string) error {
		if m, ok := a.cfg.Node.Roster().ByName(name); ok && m.ID == a.cfg.Node.Self().ID {
			return &Error{Status: http.StatusConflict, Message: "a node cannot revoke itself", Hint: "do it at another issuer"}
		}
		return a.cfg.Node.Revoke(name)
	})
}

func (a *API) grantIssuer(r *http.Request) (any, error) {
	return a.actOn(r, a.cfg.Node.GrantIssuer)
}

func (a *API) actOn(r *http.Request, act func(name string) error) (any, error) {
	var in Named
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Name == "" {
		return nil, malformed("no node is named", "send its name, as the list of nodes has it")
	}
	if err := act(in.Name); err != nil {
		return nil, err
	}
	return in, nil
}
