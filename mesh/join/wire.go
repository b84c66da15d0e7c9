package join

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/upprop/upprop/mesh/identity"
)

// nonce makes a handshake unlike any other.
type nonce [32]byte

func newNonce() nonce {
	var n nonce
	rand.Read(n[:])
	return n
}

// hello is the member's first word: proof that its channel key is certified
// under the campus root.
type hello struct {
	Root  []byte   `cbor:"1,keyasint"`
	Chain [][]byte `cbor:"2,keyasint"`
	Nonce nonce    `cbor:"3,keyasint"`
}

// request is what the joiner asks for. It is authentic only within the proof.
type request struct {
	Token  identity.TokenID `cbor:"1,keyasint"`
	Issuer identity.NodeID  `cbor:"2,keyasint"`
	Pub    []byte           `cbor:"3,keyasint"`
	Nonce  nonce            `cbor:"4,keyasint"`
	Role   identity.Role    `cbor:"5,keyasint"`
	Name   string           `cbor:"6,keyasint,omitempty"`
	Addrs  []string         `cbor:"7,keyasint,omitempty"`
	Web    []byte           `cbor:"8,keyasint,omitempty"`
}

// proof is a request with the MAC over it and the channel it was made on.
type proof struct {
	Request []byte   `cbor:"1,keyasint"` // a request in CBOR
	MAC     [32]byte `cbor:"2,keyasint"`
}

// relayed is a proof on its way from the member that took it to the issuer.
type relayed struct {
	Nonce nonce  `cbor:"1,keyasint"` // of the member's hello
	Proof []byte `cbor:"2,keyasint"`
}

// answer is either a refusal (Code set) or a grant with its MAC.
type answer struct {
	Code  string   `cbor:"1,keyasint,omitempty"`
	Node  string   `cbor:"2,keyasint,omitempty"`
	At    int64    `cbor:"3,keyasint,omitempty"` // Unix milliseconds
	Grant []byte   `cbor:"4,keyasint,omitempty"` // a grant in CBOR
	MAC   [32]byte `cbor:"5,keyasint"`
}

// grant is what a successful joiner gets.
type grant struct {
	Cert    []byte   `cbor:"1,keyasint"`
	Records [][]byte `cbor:"2,keyasint"`
}

// transcript is everything that one handshake hangs on. Both ends build it
// from what they have seen themselves.
type transcript struct {
	_       struct{} `cbor:",toarray"`
	Campus  identity.CampusID
	Member  []byte // channel key of the member that took the request
	Joiner  []byte // channel key of the joiner
	Nonce   nonce  // the member's
	Request []byte
}

// proves is the MAC by which the joiner shows that it has the secret.
func (t transcript) proves(s Secret) [32]byte {
	return mac(s, "upprop/join-request/1\x00", marshal(t))
}

// seals is the MAC by which the issuer shows that the grant is its own, for
// this very handshake.
func (t transcript) seals(s Secret, grant []byte) [32]byte {
	sum := sha256.Sum256(marshal(t))
	return mac(s, "upprop/join-answer/1\x00", append(sum[:], grant...))
}

func mac(s Secret, domain string, msg []byte) [32]byte {
	m := hmac.New(sha256.New, s[:])
	m.Write([]byte(domain))
	m.Write(msg)
	return [32]byte(m.Sum(nil))
}

func parseHello(b []byte) (hello, error) {
	h, err := unmarshal[hello](b)
	if err == nil && len(h.Root) != ed25519.PublicKeySize {
		err = errors.New("root key has a wrong length")
	}
	return h, protocol(err)
}

func parseProof(b []byte) (proof, request, error) {
	p, err := unmarshal[proof](b)
	if err != nil {
		return proof{}, request{}, protocol(err)
	}
	r, err := unmarshal[request](p.Request)
	if err == nil {
		err = r.check()
	}
	return p, r, protocol(err)
}

// check leaves the name to the issuer, whose refusal says more.
func (r request) check() error {
	switch {
	case len(r.Pub) != ed25519.PublicKeySize:
		return errors.New("public key has a wrong length")
	case len(r.Name) > 4*identity.MaxName || len(r.Role) > identity.MaxName:
		return errors.New("name or role is too long")
	case len(r.Web) > identity.MaxWeb:
		return fmt.Errorf("web part is %d bytes, more than %d", len(r.Web), identity.MaxWeb)
	}
	return checkAddrs(r.Addrs)
}

func parseRelayed(b []byte) (relayed, error) {
	r, err := unmarshal[relayed](b)
	return r, protocol(err)
}

func parseAnswer(b []byte) (answer, error) {
	a, err := unmarshal[answer](b)
	if err == nil && (a.Code == "") == (len(a.Grant) == 0) {
		err = errors.New("neither a refusal nor a grant")
	}
	return a, protocol(err)
}

func protocol(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w (%w)", ErrProtocol, err)
}

// refuse turns an error into what travels; all that is not a Refusal or a
// sentinel stays at home.
func refuse(err error) answer {
	a := answer{Code: codeOf(err)}
	var r *Refusal
	if errors.As(err, &r) {
		a.Node = r.Node
		if !r.At.IsZero() {
			a.At = r.At.UnixMilli()
		}
	}
	return a
}

// refusal is the error that a refusing answer stands for.
func (a answer) refusal() error {
	err, ok := codes[a.Code]
	if !ok {
		err = ErrUnknownRefusal
	}
	r := &Refusal{Err: err, Node: printable(a.Node)}
	if a.At > 0 {
		r.At = time.UnixMilli(a.At).UTC()
	}
	return r
}

// printable is for text from the other side that goes to a terminal.
func printable(s string) string {
	if len(s) > 2*identity.MaxName || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return s
}
