package invitations

import (
	"crypto/sha256"
	"errors"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/upprop/upprop/crdt/record"
)

// A code is twelve characters, XXXX-XXXX-XXXX. The first four follow from the
// invitation's id and say which it may be; the other eight are 40 random bits,
// which open the secret of its QR. They are all that keeps a name from whoever
// has an entrance's disk, so a try costs 19 MiB and some milliseconds: all of
// them take a fast machine centuries.
const (
	letters   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeFinds = 4
	codeSize  = 12
)

// finder is the half of the code that says which invitation it may be.
func finder(id record.VisitID) string {
	sum := sha256.Sum256(append([]byte("upprop/invitation/finder/1\x00"), id[:]...))
	b := make([]byte, codeFinds)
	for i := range b {
		b[i] = letters[sum[i]&31]
	}
	return string(b)
}

// drawCode draws the code of an invitation.
func drawCode(id record.VisitID, rand io.Reader) (string, error) {
	b := make([]byte, codeSize-codeFinds)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", err
	}
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return finder(id) + string(b), nil
}

// Grouped is a code as people read it.
func Grouped(code string) string {
	if len(code) != codeSize {
		return code
	}
	return code[:4] + "-" + code[4:8] + "-" + code[8:]
}

// plainCode is a code as it was drawn, whatever case, spaces and look-alikes
// somebody typed; false where it can be none.
func plainCode(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212', '\t':
			return -1
		case 'O', 'o':
			return '0'
		case 'I', 'i', 'L', 'l':
			return '1'
		}
		return r
	}, s)
	s = strings.ToUpper(s)
	return s, len(s) == codeSize && strings.Trim(s, letters) == ""
}

func codeKey(id record.VisitID, code string) []byte {
	return argon2.IDKey([]byte(code), append([]byte("upprop/invitation/code/1\x00"), id[:]...), 1, 19<<10, 1, chacha20poly1305.KeySize)
}

// lockSecret locks a QR's secret under the code. The key is used once, so the
// nonce may be zero.
func lockSecret(id record.VisitID, code string, secret [16]byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(codeKey(id, code))
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, make([]byte, aead.NonceSize()), secret[:], id[:]), nil
}

var errCode = errors.New("not the code of this invitation")

// unlockSecret opens what lockSecret locked.
func unlockSecret(id record.VisitID, code string, box []byte) (secret [16]byte, err error) {
	aead, err := chacha20poly1305.NewX(codeKey(id, code))
	if err != nil {
		return secret, err
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), box, id[:])
	if err != nil || len(plain) != len(secret) {
		return secret, errCode
	}
	copy(secret[:], plain)
	return secret, nil
}
