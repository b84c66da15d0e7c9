package record

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// LinkDomain is what the signature of a Link is for.
const LinkDomain = "safe-link"

// InviteLinkDomain is what the signature is for of a Link that says of an
// invitation, which Visit is, whether its bearer comes. Start repeats Visit.
const InviteLinkDomain = "invitation-link"

// ApprovalLinkDomain is what the signature is for of a Link by which a host approves
// an invitation, which Visit is, or refuses it. Start repeats Visit.
const ApprovalLinkDomain = "approval-link"

// OwnLinkDomain is what the signature is for of a Link that shows somebody the
// page of their own visit, once. Start is random.
const OwnLinkDomain = "own-page-link"

const (
	linkPrefix  = "1" // the version of the form
	linkBody    = 16 + 16 + 8 + 4
	linkSigSize = 64
	linkSize    = linkBody + linkSigSize
)

// linkText keeps a token to characters that no program takes for the end of a
// link: 145 with the prefix.
var linkText = base64.RawURLEncoding.Strict()

// ErrLink means text that is no link, or fields that no link can hold.
var ErrLink = errors.New("this link was not copied whole")

// Link is what an "I am safe" link in a message carries. Whoever holds it may
// say how the bearer of a visit is while the evacuation runs, and nothing else:
// it opens no name, and holds none. It prints as its visit.
type Link struct {
	Visit VisitID
	// Start is the start of the evacuation that the message was about.
	Start  EvacID
	Issuer IssuerID
	// Until is when the link ends, to the second; from 1970 to 2106.
	Until time.Time
	// Sig is the issuer's Ed25519 signature of Signed, for LinkDomain.
	Sig [linkSigSize]byte
}

// Format prints the visit, through every verb.
func (l Link) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("link of visit " + l.Visit.Short())) }

// MarshalText prints the visit, also through encoders of text and JSON.
func (l Link) MarshalText() ([]byte, error) { return []byte("link of visit " + l.Visit.Short()), nil }

// Signed is what the issuer signs: everything but the signature, behind the
// version of the form.
func (l Link) Signed() []byte { return l.body([]byte(linkPrefix)) }

func (l Link) body(b []byte) []byte {
	b = append(b, l.Visit[:]...)
	b = append(b, l.Start[:]...)
	b = append(b, l.Issuer[:]...)
	return binary.BigEndian.AppendUint32(b, uint32(l.Until.Unix()))
}

// SignLink is the token of a link with these fields, whatever its Sig was. sign
// is the issuer's Ed25519 signature for LinkDomain. Fields that have no form
// give ErrLink.
func SignLink(l Link, sign func([]byte) []byte) (string, error) {
	if t := l.Until.Unix(); l.Visit.IsZero() || l.Start.IsZero() || t < 0 || t > math.MaxUint32 {
		return "", fmt.Errorf("sign link: fields that it cannot hold: %w", ErrLink)
	}
	if n := copy(l.Sig[:], sign(l.Signed())); n != linkSigSize {
		return "", fmt.Errorf("sign link: signature of %d bytes: %w", n, ErrLink)
	}
	return linkPrefix + linkText.EncodeToString(append(l.body(make([]byte, 0, linkSize)), l.Sig[:]...)), nil
}

// ParseLink reads a token as SignLink wrote it. That the signature is the
// issuer's, and that the link is not over, is the caller's to check. Errors
// match ErrLink, and never carry the token.
func ParseLink(s string) (Link, error) {
	body, ok := strings.CutPrefix(s, linkPrefix)
	if !ok || len(body) != linkText.EncodedLen(linkSize) || strings.ContainsAny(body, "\r\n") {
		return Link{}, ErrLink
	}
	b, err := linkText.DecodeString(body)
	if err != nil || len(b) != linkSize {
		return Link{}, ErrLink
	}
	l := Link{
		Visit: VisitID(b[:16]), Start: EvacID(b[16:32]), Issuer: IssuerID(b[32:40]),
		Until: time.Unix(int64(binary.BigEndian.Uint32(b[40:44])), 0).UTC(), Sig: [linkSigSize]byte(b[linkBody:]),
	}
	if l.Visit.IsZero() || l.Start.IsZero() {
		return Link{}, ErrLink
	}
	return l, nil
}

// Over reports whether the link has ended.
func (l Link) Over(now time.Time) bool { return !now.Before(l.Until) }
