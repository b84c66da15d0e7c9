package record

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var linkKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func signedLink(t testing.TB) (Link, string) {
	t.Helper()
	l := Link{Visit: VisitID{1, 2, 3}, Start: EvacID{4}, Issuer: IssuerID{5}, Until: time.Unix(1_800_000_000, 0).UTC()}
	text, err := SignLink(l, func(b []byte) []byte { return ed25519.Sign(linkKey, b) })
	if err != nil {
		t.Fatal(err)
	}
	copy(l.Sig[:], ed25519.Sign(linkKey, l.Signed()))
	return l, text
}

func TestLinkThereAndBack(t *testing.T) {
	l, text := signedLink(t)
	got, err := ParseLink(text)
	if err != nil || got != l {
		t.Fatal(err, got)
	}
	if len(text) != 145 {
		t.Error("a link's token is", len(text), "characters")
	}
	if got.Over(l.Until.Add(-time.Second)) || !got.Over(l.Until) {
		t.Error("a link does not end when it says")
	}
	asJSON, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(l), fmt.Sprintf("%+v %#v %x", l, l, l), string(asJSON)} {
		if strings.Contains(s, text) || !strings.Contains(s, "link of visit") {
			t.Error("a link prints as", s)
		}
	}
}

// TestLinkForged changes every bit of a token: what is still read is not what
// was signed.
func TestLinkForged(t *testing.T) {
	_, text := signedLink(t)
	for i := range text {
		for bit := range 7 {
			b := []byte(text)
			b[i] ^= 1 << bit
			got, err := ParseLink(string(b))
			if err != nil {
				if !errors.Is(err, ErrLink) || strings.Contains(err.Error(), string(b)) {
					t.Fatal("error of a bad link:", err)
				}
				continue
			}
			if ed25519.Verify(linkKey.Public().(ed25519.PublicKey), got.Signed(), got.Sig[:]) {
				t.Fatalf("a link with character %d changed is still signed", i)
			}
		}
	}
	for _, s := range []string{"", "1", text[1:], text + "A", "2" + text[1:], text[:len(text)-1], text[:70] + "\n" + text[71:], " " + text} {
		if _, err := ParseLink(s); !errors.Is(err, ErrLink) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestLinkWithoutForm(t *testing.T) {
	l, _ := signedLink(t)
	for _, spoil := range []func(*Link){
		func(l *Link) { l.Visit = VisitID{} },
		func(l *Link) { l.Start = EvacID{} },
		func(l *Link) { l.Until = time.Time{} },
		func(l *Link) { l.Until = time.Unix(1<<32, 0) },
	} {
		bad := l
		spoil(&bad)
		if _, err := SignLink(bad, func(b []byte) []byte { return ed25519.Sign(linkKey, b) }); !errors.Is(err, ErrLink) {
			t.Error("signed:", err)
		}
	}
	if _, err := SignLink(l, func([]byte) []byte { return nil }); !errors.Is(err, ErrLink) {
		t.Error("a link without a signature:", err)
	}
}

// FuzzLink: what is read is written the same, and what is not says ErrLink.
func FuzzLink(f *testing.F) {
	_, text := signedLink(f)
	f.Add(text)
	f.Add("")
	f.Add("1" + strings.Repeat("A", 144))
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLink(s)
		if err != nil {
			if !errors.Is(err, ErrLink) {
				t.Fatal(err)
			}
			return
		}
		again, err := SignLink(l, func([]byte) []byte { return l.Sig[:] })
		if err != nil || again != s {
			t.Fatalf("%q is written as %q: %v", s, again, err)
		}
	})
}
