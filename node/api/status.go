package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
)

// Status is this node in a few words.
type Status struct {
	ID       record.NodeID `json:"id"`
	Name     string        `json:"name"`
	Role     identity.Role `json:"role"`
	Campus   string        `json:"campus"`
	Site     string        `json:"site"`
	Zone     string        `json:"zone"`
	Entrance string        `json:"entrance"`
	Issuer   bool          `json:"issuer"`
	// Ready: the node knows the campus's keys and so can check people in.
	Ready     bool     `json:"ready"`
	Release   string   `json:"release"`
	StartedAt Stamp    `json:"started_at"`
	Listen    []string `json:"listen"`
	HTTP      *string  `json:"http"`
	Peers     int      `json:"peers"`
	Present   int      `json:"present"`
}

func (a *API) status(*http.Request) (any, error) {
	n := a.cfg.Node
	self := n.Self()
	s := Status{
		ID: record.NodeID(self.ID), Name: self.Name, Role: self.Role, Campus: n.CampusName(),
		Site: self.Site, Zone: self.Zone, Entrance: self.Entrance, Issuer: self.MayIssue && self.Revoked == nil,
		Ready: Ready(n), Release: a.cfg.Release, StartedAt: Stamp{a.cfg.Started},
		Listen: n.Network().Addrs(), Peers: len(n.Mesh().Peers()), Present: len(n.Replica().Open()),
	}
	if a.cfg.Web != "" {
		s.HTTP = &a.cfg.Web
	}
	return s, nil
}

// Ready reports whether a node can seal what a visitor tells.
func Ready(n *node.Node) bool { return n.CanSeal() }
