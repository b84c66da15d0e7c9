package identity

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"
)

// MaxWeb is the largest Web part of a certificate, in bytes.
const MaxWeb = 2 << 10

// maxSerial keeps serials, which are Unix milliseconds or a little more, from
// running into the end of their range.
const maxSerial = 1 << 53

// Cert says that a node is in the campus, and as what.
type Cert struct {
	Campus CampusID `cbor:"1,keyasint"`
	// Pub is the node's Ed25519 public key.
	Pub      []byte `cbor:"2,keyasint"`
	Name     string `cbor:"3,keyasint"`
	Role     Role   `cbor:"4,keyasint"`
	Site     string `cbor:"5,keyasint,omitempty"`
	Entrance string `cbor:"6,keyasint,omitempty"`
	Zone     string `cbor:"7,keyasint,omitempty"`
	// Serial orders the certificates of one node: see [Roster.NextSerial].
	Serial uint64 `cbor:"8,keyasint"`
	// IssuedAt is the issuer's clock, Unix milliseconds.
	IssuedAt int64 `cbor:"9,keyasint"`
	// MayIssue makes the node an issuer; only the root may set it.
	MayIssue bool `cbor:"10,keyasint,omitempty"`
	// TokenID is the token that was redeemed for it, if any.
	TokenID *TokenID `cbor:"11,keyasint,omitempty"`
	// Web is opaque here: what the screens need to be served over HTTPS.
	Web []byte `cbor:"12,keyasint,omitempty"`
}

// Node is the id of the node that the certificate is about.
func (c *Cert) Node() NodeID { return IDOf(c.Pub) }

func (c *Cert) check() error {
	if len(c.Pub) != ed25519.PublicKeySize {
		return errors.New("public key has a wrong length")
	}
	if err := CheckName(c.Name); err != nil {
		return err
	}
	for _, s := range []string{c.Site, c.Entrance, c.Zone} {
		if err := checkLabel(s); err != nil {
			return err
		}
	}
	if !c.Role.Valid() {
		_, err := ParseRole(string(c.Role))
		return err
	}
	if len(c.Web) > MaxWeb {
		return fmt.Errorf("web part is %d bytes, more than %d", len(c.Web), MaxWeb)
	}
	return checkSerial(c.Serial)
}

func checkSerial(s uint64) error {
	if s == 0 || s > maxSerial {
		return fmt.Errorf("serial %d is out of range", s)
	}
	return nil
}

// SignCert makes the record of a certificate for the campus it names.
func SignCert(s Signer, c Cert) ([]byte, error) { return sign(s, c.Campus, KindCert, &c) }

// millis is the one way in which records count time.
func millis(t time.Time) int64 { return t.UnixMilli() }
