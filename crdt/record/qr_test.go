package record

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var qrKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func sampleQR() QR {
	return QR{Kind: BadgeQR, Visit: visit(7), Secret: [16]byte{9, 8, 7}, Issuer: NodeID{1, 2, 3}.Issuer(), Last: 20800}
}

func signed(t interface {
	Helper()
	Fatal(...any)
}, q QR,
) string {
	t.Helper()
	s, err := SignQR(q, func(b []byte) []byte { return ed25519.Sign(qrKey, b) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fits(q QR) bool {
	return ed25519.Verify(qrKey.Public().(ed25519.PublicKey), q.Signed(), q.Sig[:])
}

func TestQRRoundTrip(t *testing.T) {
	want := sampleQR()
	s := signed(t, want)
	if len(s) != 175 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		t.Fatalf("%d characters, or some that are not alphanumeric", len(s))
	}
	grouped := " " + strings.ToLower(s[:50]) + "-" + s[50:90] + " \t" + s[90:] + "\n"
	for _, text := range []string{s, strings.ToLower(s), grouped} {
		got, err := ParseQR(text)
		if err != nil || !fits(got) {
			t.Fatal(err, "or the signature does not fit")
		}
		got.Sig = [64]byte{}
		if got != want {
			t.Fatal("reads back otherwise")
		}
		c, err := ParseCode(text)
		if err != nil || c.Visit != want.Visit || c.Badge != want.Visit.Badge() || c.QR == nil || c.QR.Secret != want.Secret {
			t.Fatalf("as a code: %v", err)
		}
	}
}

// Whatever is altered, the payload is refused or its signature does not fit.
func TestAlteredQRDoesNotFit(t *testing.T) {
	s := signed(t, sampleQR())
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(3, len(s)-1).Draw(t, "i")
		c := rapid.SampledFrom([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")).Draw(t, "c")
		if c == s[i] {
			return
		}
		q, err := ParseQR(s[:i] + string(c) + s[i+1:])
		if err == nil && fits(q) {
			t.Fatalf("a change at %d was not noticed", i)
		}
	})
}

func TestQRRefusals(t *testing.T) {
	s := signed(t, sampleQR())
	last := s[len(s)-1]
	for name, text := range map[string]string{
		"empty": "", "prefix": "UP2", "short": s[:len(s)-1], "long": s + "A", "no base32": s[:9] + "1" + s[10:],
		"no prefix": s[3:], "old prefix": "UP1" + s[3:], "newline in the middle of nothing": "\n",
		"spare bits": s[:len(s)-1] + string(last+1),
	} {
		if _, err := ParseQR(text); !errors.Is(err, ErrCode) || strings.Contains(err.Error(), s[3:20]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for v := '3'; v <= '9'; v++ {
		if _, err := ParseCode("UP" + string(v) + s[3:]); !errors.Is(err, ErrNewerCode) {
			t.Errorf("version %c: %v", v, err)
		}
	}
	for name, wrong := range map[string]func(*QR){
		"kind": func(q *QR) { q.Kind = 3 }, "visit": func(q *QR) { q.Visit = VisitID{} },
		"before 1970": func(q *QR) { q.Last = -1 }, "after 2149": func(q *QR) { q.Last = 1 << 16 },
	} {
		q := sampleQR()
		wrong(&q)
		if _, err := SignQR(q, func(b []byte) []byte { return ed25519.Sign(qrKey, b) }); !errors.Is(err, ErrQR) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SignQR(sampleQR(), func([]byte) []byte { return nil }); !errors.Is(err, ErrQR) {
		t.Errorf("no signature: %v", err)
	}
}

func TestQRExpires(t *testing.T) {
	q := sampleQR()
	for day, want := range map[Day]bool{q.Last - 9: false, q.Last: false, q.Last + QRGrace: false, q.Last + QRGrace + 1: true} {
		if q.Expired(day) != want {
			t.Errorf("on %s: %v", day, !want)
		}
	}
}

func TestQRPrintsNoSecret(t *testing.T) {
	q := sampleQR()
	copy(q.Secret[:], "sixteen secrets!")
	j, err := json.Marshal(map[string]any{"q": q, "c": Code{QR: &q}})
	if err != nil {
		t.Fatal(err)
	}
	out := string(j)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		out += fmt.Sprintf(verb, q) + fmt.Sprintf(verb, &q) + fmt.Sprintf(verb, Code{QR: &q})
	}
	for _, leak := range []string{"sixteen", fmt.Sprintf("%x", "sixteen"), "115 105 120"} {
		if strings.Contains(out, leak) {
			t.Fatalf("the secret prints: %s", out)
		}
	}
}

func FuzzParseQR(f *testing.F) {
	s := signed(f, sampleQR())
	f.Add(s)
	f.Add(strings.ToLower(s[:60]) + " " + s[60:])
	f.Add("UP2")
	f.Add("UP9" + s)
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ParseQR(s)
		if err != nil {
			if !errors.Is(err, ErrCode) && !errors.Is(err, ErrNewerCode) {
				t.Fatal(err)
			}
			return
		}
		if again := q.payload(); again != plainCode(s) {
			t.Fatal("there is more than one form")
		}
	})
}
