// Package identity says who is in a campus: node keys, certificates, the
// roster of signed records and the campus root. It does not move bytes and
// does not know what a node is used for.
//
// Invariant: a Roster holds only records whose signature chain ends at the
// campus root's key.
package identity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// NodeID names a node: the first 16 bytes of the SHA-256 of its Ed25519
// public key.
type NodeID [16]byte

// IDOf is the NodeID of a public key.
func IDOf(pub ed25519.PublicKey) NodeID {
	sum := sha256.Sum256(pub)
	return NodeID(sum[:16])
}

// String is the id as 32 lower-case hex digits.
func (id NodeID) String() string { return hex.EncodeToString(id[:]) }

// Short is the first 8 hex digits, for logs.
func (id NodeID) Short() string { return hex.EncodeToString(id[:4]) }

// IsZero reports whether id names nobody.
func (id NodeID) IsZero() bool { return id == NodeID{} }

// ParseNodeID reads the form that String writes.
func ParseNodeID(s string) (NodeID, error) {
	var id NodeID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("parse node id: want %d hex digits", 2*len(id))
	}
	return NodeID(b), nil
}
