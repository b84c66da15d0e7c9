package gossip

import (
	"encoding/binary"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"github.com/upprop/upprop/mesh/identity"
)

// Kinds of message in memberlist's packets and streams, from its wire format.
const (
	kindPing       = 0
	kindAck        = 2
	kindSuspect    = 3
	kindAlive      = 4
	kindExchange   = 6
	kindCompound   = 7
	kindCompressed = 9
	kindChecksum   = 12
	kindError      = 13
)

// rumour is what a packet says about one node.
type rumour struct {
	about       identity.NodeID
	incarnation uint32
	suspect     bool // else alive
}

// rumours reads a packet of memberlist's. Whatever it does not understand it
// leaves out.
func rumours(packet []byte) []rumour {
	if len(packet) > 5 && packet[0] == kindChecksum {
		packet = packet[5:]
	}
	var out []rumour
	for _, m := range messages(packet) {
		if len(m) < 2 || (m[0] != kindSuspect && m[0] != kindAlive) {
			continue
		}
		var said struct {
			Incarnation uint32
			Node        string
		}
		handle := codec.MsgpackHandle{}
		if codec.NewDecoderBytes(m[1:], &handle).Decode(&said) != nil {
			continue
		}
		if id, err := identity.ParseNodeID(said.Node); err == nil {
			out = append(out, rumour{id, said.Incarnation, m[0] == kindSuspect})
		}
	}
	return out
}

// compressed reports whether anything in a packet says that it is packed. No
// node of ours packs, and unpacking makes 40 MiB of a few kilobytes.
func compressed(packet []byte) bool {
	if len(packet) >= 5 && packet[0] == kindChecksum {
		packet = packet[5:]
	}
	if len(packet) > 0 && packet[0] != kindCompound {
		return packet[0] == kindCompressed
	}
	for _, m := range messages(packet) {
		if len(m) < len(packet) && compressed(m) {
			return true
		}
	}
	return false
}

// messages takes a packet apart: a compound is its kind, a count in a byte,
// that many lengths in two, and the messages.
func messages(packet []byte) [][]byte {
	if len(packet) < 2 || packet[0] != kindCompound {
		return [][]byte{packet}
	}
	count, body := int(packet[1]), packet[2:]
	if len(body) < 2*count {
		return nil
	}
	lengths, body := body[:2*count], body[2*count:]
	var out [][]byte
	for i := range count {
		n := int(binary.BigEndian.Uint16(lengths[2*i:]))
		if n > len(body) {
			return out
		}
		out = append(out, body[:n])
		body = body[n:]
	}
	return out
}
