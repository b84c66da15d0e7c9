package join

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/upprop/upprop/mesh/identity"
)

// Errors of reading a token, matched with errors.Is.
var (
	// ErrNotToken means that the text does not begin like a token.
	ErrNotToken = errors.New("this is no join token: a token is one line that begins with UPPROP1-")
	// ErrMistyped means that the text is not what was printed.
	ErrMistyped = errors.New("a character of the token is wrong or missing: copy the whole line again")
	// ErrNewerToken means that this release cannot read the token.
	ErrNewerToken = errors.New("the token was made by a newer release: install that release on this node first")
)

const (
	tokenPrefix   = "UPPROP"
	tokenVersion  = "1"
	checksumSize  = 6
	maxTokenText  = 4 << 10
	maxPeers      = 8
	maxAddrs      = 8
	maxAddrLength = 64
)

// Peer is a member that a token names: its key and where it listens.
type Peer struct {
	Pub   ed25519.PublicKey
	Addrs []string // "IP:PORT"
}

// ID is the peer's NodeID.
func (p Peer) ID() identity.NodeID { return identity.IDOf(p.Pub) }

// Token is what a new node needs to know to join: whom to call, how to
// recognise the campus, and the secret. Whoever holds its text can join, so
// treat the text like a key until it is spent.
type Token struct {
	ID     identity.TokenID
	Secret Secret
	// Pin is the hash of the campus' root key, and so names the campus.
	Pin identity.Pin
	// Peers are the members to call, the issuer first.
	Peers    []Peer
	Role     identity.Role
	Name     string // empty: the new node may choose
	Site     string
	Entrance string
	// Expires is by the issuer's clock, in whole seconds.
	Expires time.Time
}

// Campus is the campus that the token lets into.
func (t Token) Campus() identity.CampusID { return t.Pin.Campus() }

// Issuer is the node that alone redeems the token.
func (t Token) Issuer() identity.NodeID { return t.Peers[0].ID() }

// Check returns ErrExpired for a token whose time is over. Only the issuer's
// clock decides: a new node with a wrong clock must not call this.
func (t Token) Check(now time.Time) error {
	if !now.Before(t.Expires) {
		return ErrExpired
	}
	return nil
}

type tokenBody struct {
	ID       identity.TokenID `cbor:"1,keyasint"`
	Secret   []byte           `cbor:"2,keyasint"`
	Pin      identity.Pin     `cbor:"3,keyasint"`
	Peers    []tokenPeer      `cbor:"4,keyasint"`
	Role     identity.Role    `cbor:"5,keyasint"`
	Name     string           `cbor:"6,keyasint,omitempty"`
	Site     string           `cbor:"7,keyasint,omitempty"`
	Entrance string           `cbor:"8,keyasint,omitempty"`
	Expires  int64            `cbor:"9,keyasint"` // Unix seconds
}

type tokenPeer struct {
	_     struct{} `cbor:",toarray"`
	Pub   []byte
	Addrs []string
}

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// Text is the whole line to paste: upper-case letters, digits and one dash, so
// that it fits a QR code's alphanumeric mode and survives any keyboard layout
// but for the dash.
func (t Token) Text() string {
	b := tokenBody{
		ID: t.ID, Secret: t.Secret[:], Pin: t.Pin, Role: t.Role,
		Name: t.Name, Site: t.Site, Entrance: t.Entrance, Expires: t.Expires.Unix(),
	}
	for _, p := range t.Peers {
		b.Peers = append(b.Peers, tokenPeer{Pub: p.Pub, Addrs: p.Addrs})
	}
	body := marshal(b)
	return tokenPrefix + tokenVersion + "-" + base32Text.EncodeToString(append(body, checksum(body)...))
}

func checksum(body []byte) []byte {
	sum := sha256.Sum256(append([]byte("upprop/join-token/1\x00"), body...))
	return sum[:checksumSize]
}

// ParseToken reads a token as people paste it: white space and line breaks
// anywhere, letters in any case. Errors: ErrNotToken, ErrMistyped,
// ErrNewerToken.
func ParseToken(text string) (Token, error) {
	if len(text) > maxTokenText {
		return Token{}, ErrNotToken
	}
	text = strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
	rest, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok {
		return Token{}, ErrNotToken
	}
	version, rest, ok := strings.Cut(rest, "-")
	switch {
	case !ok || version == "" || len(version) > 3 || strings.Trim(version, "0123456789") != "":
		return Token{}, ErrMistyped
	case version != tokenVersion:
		return Token{}, ErrNewerToken
	}
	b, err := base32Text.DecodeString(rest)
	// The last character may hold bits that decode to nothing.
	if err != nil || base32Text.EncodeToString(b) != rest || len(b) <= checksumSize {
		return Token{}, ErrMistyped
	}
	body, sum := b[:len(b)-checksumSize], b[len(b)-checksumSize:]
	if !bytes.Equal(checksum(body), sum) {
		return Token{}, ErrMistyped
	}
	// The line is as it was printed: what cannot be read now is news.
	t, err := decodeToken(body)
	if err != nil {
		return Token{}, fmt.Errorf("%w (%w)", ErrNewerToken, err)
	}
	return t, nil
}

func decodeToken(body []byte) (Token, error) {
	b, err := unmarshal[tokenBody](body)
	if err != nil {
		return Token{}, err
	}
	if len(b.Secret) != len(Secret{}) {
		return Token{}, errors.New("secret has a wrong length")
	}
	t := Token{
		ID: b.ID, Secret: Secret(b.Secret), Pin: b.Pin, Role: b.Role,
		Name: b.Name, Site: b.Site, Entrance: b.Entrance, Expires: time.Unix(b.Expires, 0).UTC(),
	}
	for _, p := range b.Peers {
		t.Peers = append(t.Peers, Peer{Pub: p.Pub, Addrs: p.Addrs})
	}
	return t, t.check()
}

func (t Token) check() error {
	if len(t.Peers) == 0 || len(t.Peers) > maxPeers {
		return fmt.Errorf("token names %d peers, not 1 to %d", len(t.Peers), maxPeers)
	}
	for _, p := range t.Peers {
		if len(p.Pub) != ed25519.PublicKeySize {
			return errors.New("peer key has a wrong length")
		}
		if err := checkAddrs(p.Addrs); err != nil {
			return err
		}
	}
	if _, err := identity.ParseRole(string(t.Role)); err != nil {
		return err
	}
	for _, s := range []string{t.Name, t.Site, t.Entrance} {
		if err := optionalName(s); err != nil {
			return err
		}
	}
	return nil
}

func checkAddrs(addrs []string) error {
	if len(addrs) > maxAddrs {
		return fmt.Errorf("%d addresses, more than %d", len(addrs), maxAddrs)
	}
	for _, a := range addrs {
		if _, err := netip.ParseAddrPort(a); err != nil || len(a) > maxAddrLength {
			return fmt.Errorf("malformed address: want IP:PORT")
		}
	}
	return nil
}

func optionalName(s string) error {
	if s == "" {
		return nil
	}
	return identity.CheckName(s)
}
