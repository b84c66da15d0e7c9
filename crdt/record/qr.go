package record

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// QRKind says what a QR code is a key to.
type QRKind byte

const (
	// BadgeQR is on the badge of a visit that has begun.
	BadgeQR QRKind = 1
	// InvitationQR is sent to somebody who is expected. Its id is the
	// invitation's: the visit that its bearer begins has one of its own.
	InvitationQR QRKind = 2
)

func (k QRKind) String() string {
	switch k {
	case BadgeQR:
		return "badge"
	case InvitationQR:
		return "invitation"
	}
	return "unknown"
}

// IssuerID is the first half of the NodeID of the node that signed a QR. Two
// nodes may share it: whose signature it is, the signature says.
type IssuerID [8]byte

// Issuer is what a QR calls the node.
func (id NodeID) Issuer() IssuerID { return IssuerID(id[:8]) }

// QRDomain is what the signature of a QR is for.
const QRDomain = "qr"

// QRGrace is how many days after its last one a QR still counts, for clocks
// that are off and zones that are not UTC.
const QRGrace = 1

const (
	qrPrefix2 = "UP2"
	qrBody    = 1 + 16 + 16 + 8 + 2 // kind, visit, secret, issuer, last day
	qrSize    = qrBody + qrSigSize
	qrSigSize = 64
)

// qrText is RFC 4648 base32: with the prefix, 175 characters of QR's
// alphanumeric mode. At level M that is a code of version 7, 45 by 45 modules
// (53 with the quiet zone), which holds up to 178: on the printed card, 34 mm
// wide, 0.6 mm a module.
var qrText = base32.StdEncoding.WithPadding(base32.NoPadding)

// QR is what is in the QR code of a badge or an invitation. It is a key: who
// holds it opens the bearer's part of that visit where its key record is. So
// it prints as its kind and visit only.
type QR struct {
	Kind  QRKind
	Visit VisitID
	// Secret opens the bearer's part.
	Secret [16]byte
	Issuer IssuerID
	// Last is the last day in UTC on which the QR is valid; from 1970 to 2149.
	Last Day
	// Sig is the issuer's Ed25519 signature of Signed, for QRDomain.
	Sig [qrSigSize]byte
}

// Format prints kind and visit, through every verb.
func (q QR) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte(q.Kind.String() + " QR of visit " + q.Visit.Short()))
}

// MarshalText prints kind and visit, also through encoders of text and JSON.
func (q QR) MarshalText() ([]byte, error) {
	return []byte(q.Kind.String() + " QR of visit " + q.Visit.Short()), nil
}

// Signed is what the issuer signs: everything but the signature, behind the
// version of the form.
func (q QR) Signed() []byte { return q.body([]byte(qrPrefix2)) }

func (q QR) body(b []byte) []byte {
	b = append(b, byte(q.Kind))
	b = append(b, q.Visit[:]...)
	b = append(b, q.Secret[:]...)
	b = append(b, q.Issuer[:]...)
	return binary.BigEndian.AppendUint16(b, uint16(q.Last))
}

// payload is the text of the QR code; the secret is in it.
func (q QR) payload() string {
	return qrPrefix2 + qrText.EncodeToString(append(q.body(make([]byte, 0, qrSize)), q.Sig[:]...))
}

// SignQR is the payload of a QR with these fields, whatever its Sig was. sign
// is the issuer's Ed25519 signature for QRDomain. Fields that have no form
// (another kind, no visit, a day before 1970 or after 2149) give ErrQR.
func SignQR(q QR, sign func([]byte) []byte) (string, error) {
	if err := q.check(); err != nil {
		return "", err
	}
	if n := copy(q.Sig[:], sign(q.Signed())); n != qrSigSize {
		return "", fmt.Errorf("signature of %d bytes: %w", n, ErrQR)
	}
	return q.payload(), nil
}

// ErrQR means fields that no QR can hold.
var ErrQR = errors.New("not the fields of a QR code")

func (q QR) check() error {
	if q.Kind != BadgeQR && q.Kind != InvitationQR || q.Visit.Badge() == 0 || q.Last < 0 || q.Last > 1<<16-1 {
		return fmt.Errorf("%s: %w", q.Kind, ErrQR)
	}
	return nil
}

// ParseQR reads a payload as SignQR wrote it, in any case, with the spaces and
// hyphens that scanners and people put in. That the signature is the issuer's
// is the caller's to check. Errors match ErrCode or ErrNewerCode, and never
// carry the payload.
func ParseQR(s string) (QR, error) { return parseQR(plainCode(s)) }

func parseQR(t string) (QR, error) {
	switch {
	case newerCode(t):
		return QR{}, fmt.Errorf("read the QR code: %w", ErrNewerCode)
	case !strings.HasPrefix(t, qrPrefix2):
		return QR{}, fmt.Errorf("this is not the whole of a QR code: %w", ErrCode)
	}
	t = t[len(qrPrefix2):]
	if len(t) != qrText.EncodedLen(qrSize) {
		return QR{}, fmt.Errorf("this QR code was not read whole: %w", ErrCode)
	}
	b, err := qrText.DecodeString(t)
	if err != nil || len(b) != qrSize || qrText.EncodeToString(b) != t {
		return QR{}, fmt.Errorf("this QR code has a character that was misread: %w", ErrCode)
	}
	q := QR{
		Kind: QRKind(b[0]), Visit: VisitID(b[1:17]), Secret: [16]byte(b[17:33]), Issuer: IssuerID(b[33:41]),
		Last: Day(binary.BigEndian.Uint16(b[41:43])), Sig: [qrSigSize]byte(b[qrBody:]),
	}
	if q.check() != nil {
		return QR{}, fmt.Errorf("this QR code was misread: %w", ErrCode)
	}
	return q, nil
}

// Expired reports whether the QR's last day is over, grace included, on a day.
func (q QR) Expired(today Day) bool { return today > q.Last+QRGrace }

// newerCode reports whether a plain code is the payload of a newer release.
func newerCode(t string) bool {
	return len(t) > 28 && strings.HasPrefix(t, "UP") && t[2] >= '3' && t[2] <= '9'
}

// plainCode is a code without the case, spaces and hyphens of who typed it.
func plainCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToUpper(s))
}
