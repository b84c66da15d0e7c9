package identity

import (
	"crypto/ed25519"
	"time"
)

// Member is a node as the roster has it, revoked ones included.
type Member struct {
	ID  NodeID
	Pub ed25519.PublicKey
	// Name is unique among the roster's members; see [Roster.Members].
	Name     string
	Role     Role
	Site     string
	Entrance string
	Zone     string
	MayIssue bool
	// Revoked is the sum of the standing revocations, nil for a node in good
	// standing. Nobody may change what it points to.
	Revoked  *Revocation
	IssuedAt time.Time
	// Since is when the first of its certificates that count was issued: the root issues
	// another where it appoints an issuer.
	Since time.Time
	// Web is the certificate's opaque part; nobody may change it.
	Web []byte
	// Rooted reports that the certificate in force is signed by the root
	// itself, which no issuer can replace.
	Rooted bool
	// Issuer signed the certificate in force; zero for the root.
	Issuer NodeID
	// Record is the certificate in force as it travels; nobody may change it.
	Record []byte
}
