package node

import (
	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/gossip"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/printer"
	"github.com/upprop/upprop/node/statistics"
	"github.com/upprop/upprop/node/visits"
)

// Self is this node as the roster has it now.
func (n *Node) Self() identity.Member {
	m, _ := n.roster.Member(n.key.ID())
	return m
}

// Barred says why nothing that this node records would count, or nil.
func (n *Node) Barred() error {
	if n.Self().Revoked != nil {
		return visits.ErrRevoked
	}
	return nil
}

// CampusName is what the operator called the campus.
func (n *Node) CampusName() string {
	if s, ok := n.replica.Setting(settingCampusName); ok {
		return s.Value.String()
	}
	return n.Self().Site
}

// Visits are the rules of visits on this node.
func (n *Node) Visits() *visits.Service { return n.visits }

// Replica is this node's copy of the register.
func (n *Node) Replica() *crdt.Replica { return n.replica }

// Mesh is this node's end of the mesh.
func (n *Node) Mesh() *mesh.Mesh { return n.mesh }

// Network is what the mesh runs over.
func (n *Node) Network() stream.Network { return n.net }

// Roster is who is in the campus.
func (n *Node) Roster() *identity.Roster { return n.roster }

// Folder is the node's data folder.
func (n *Node) Folder() Folder { return n.folder }

// HTTP is the address that the folder remembers for screens; may be empty.
func (n *Node) HTTP() string { return n.about.HTTP }

// Printer puts the list on paper by itself.
func (n *Node) Printer() *printer.Service { return n.printer }

// Statistics counts arrivals, of nobody.
func (n *Node) Statistics() *statistics.Service { return n.counts }

// Labels print badges on this node's label printers.
func (n *Node) Labels() *printer.Labels { return n.labels }

// Gossip tells which members are alive.
func (n *Node) Gossip() *gossip.Gossip { return n.gossip }
