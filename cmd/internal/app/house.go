package app

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
)

// house shows the node to the muster.
type house struct{ *App }

// House is what this node's muster is folded from, with the rights of the
// node's role.
func (a *App) House() evac.House { return house{a} }

func (h house) Open() []record.Presence { return h.node.Replica().Open() }

func (h house) Card(v record.VisitID) (record.Card, error) { return h.node.Visits().Card(v) }

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
