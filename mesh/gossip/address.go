package gossip

import (
	"net"

	"github.com/upprop/upprop/mesh/identity"
)

// addressOf is the address by which memberlist knows a node. It leads
// nowhere: packets go by name. It follows from the id so that it never
// changes when the node moves to another network, which memberlist would take
// for a conflict, and so that no two nodes share one.
func addressOf(id identity.NodeID) (net.IP, int) {
	ip := make(net.IP, net.IPv6len)
	ip[0] = 0xfd
	copy(ip[1:], id[:])
	return ip, 1
}

// peerAddr is a node's name as a net.Addr.
type peerAddr identity.NodeID

func (peerAddr) Network() string  { return "upprop" }
func (a peerAddr) String() string { return identity.NodeID(a).String() }
