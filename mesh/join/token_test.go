package join

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/mesh/identity"
)

func someToken(t testing.TB) Token {
	return Token{
		ID: identity.NewTokenID(), Secret: newSecret(), Pin: identity.PinOf(newKey(t).Public()),
		Peers: []Peer{
			{Pub: newKey(t).Public(), Addrs: []string{"192.168.1.10:7000", "[fd00::1]:7000"}},
			{Pub: newKey(t).Public(), Addrs: []string{"192.168.1.11:7000"}},
		},
		Role: identity.RoleEntrance, Name: "Östra grinden", Site: "norra", Entrance: "öst",
		Expires: time.Unix(1_790_000_000, 0).UTC(),
	}
}

func TestTokenSurvivesPasting(t *testing.T) {
	tok := someToken(t)
	text := tok.Text()
	if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" || !strings.HasPrefix(text, "UPPROP1-") {
		t.Fatalf("unexpected characters in %s", text)
	}
	wrapped := "  " + text[:40] + "\r\n" + text[40:90] + " \t" + text[90:] + "\n\n"
	for _, s := range []string{text, strings.ToLower(text), wrapped} {
		if back, err := ParseToken(s); err != nil || !reflect.DeepEqual(back, tok) {
			t.Fatalf("%v\n%+v\n%+v", err, back, tok)
		}
	}
	t.Logf("%d characters with two peers and three addresses", len(text))
}

// No character can be changed, dropped or swapped without notice.
func TestEveryMistypedCharacterIsCaught(t *testing.T) {
	tok := someToken(t)
	text := tok.Text()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	for i := range text {
		for _, r := range alphabet {
			if byte(r) == text[i] {
				continue
			}
			if _, err := ParseToken(text[:i] + string(r) + text[i+1:]); err == nil {
				t.Fatalf("position %d: %c for %c was not noticed", i, r, text[i])
			} else if i >= len("UPPROP1-") && !errors.Is(err, ErrMistyped) {
				t.Fatalf("position %d: %v", i, err)
			}
		}
		if _, err := ParseToken(text[:i] + text[i+1:]); err == nil {
			t.Fatalf("position %d was dropped and nobody noticed", i)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(rt, "changes")
		b := []byte(text)
		for range n {
			b[rapid.IntRange(8, len(b)-1).Draw(rt, "at")] = alphabet[rapid.IntRange(0, 31).Draw(rt, "to")]
		}
		if _, err := ParseToken(string(b)); err == nil && string(b) != text {
			rt.Fatal("not noticed")
		}
	})
}

func TestTokenErrorsAreDistinct(t *testing.T) {
	tok := someToken(t)
	text := tok.Text()
	newer := marshal(map[int]int{1: 2})
	for s, want := range map[string]error{
		"":                       ErrNotToken,
		"hello":                  ErrNotToken,
		text[:len(text)-1]:       ErrMistyped,
		"UPPROP1-":               ErrMistyped,
		"UPPROP2-" + text[8:]:    ErrNewerToken,
		"UPPROPX-" + text[8:]:    ErrMistyped,
		strings.Repeat("A", 1e5): ErrNotToken,
		"UPPROP1-" + base32Text.EncodeToString(append(newer, checksum(newer)...)): ErrNewerToken,
	} {
		if _, err := ParseToken(s); !errors.Is(err, want) {
			t.Errorf("%.20q: %v", s, err)
		}
	}
	if err := tok.Check(tok.Expires); !errors.Is(err, ErrExpired) {
		t.Fatalf("got %v", err)
	}
	if err := tok.Check(tok.Expires.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	tok := someToken(t)
	raw := fmt.Sprint([]byte(tok.Secret[:]))
	hex := fmt.Sprintf("%x", tok.Secret[:])
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, v := range []any{tok, &tok, tok.Secret} {
			if s := fmt.Sprintf(verb, v); !strings.Contains(s, withheld) || strings.Contains(s, raw) || strings.Contains(s, hex) {
				t.Errorf("%s of %T: %s", verb, v, s)
			}
		}
	}
	if b, err := json.Marshal(tok); err != nil || !strings.Contains(string(b), withheld) {
		t.Fatalf("%s, %v", b, err)
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(someToken(f).Text())
	f.Add("UPPROP1-AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		// Once as it comes, once with a right checksum, to get past it.
		if tok, err := ParseToken(s); err == nil {
			if back, err := ParseToken(tok.Text()); err != nil || !reflect.DeepEqual(back, tok) {
				t.Fatalf("not stable: %v", err)
			}
		}
		text := tokenPrefix + tokenVersion + "-" + base32Text.EncodeToString(append([]byte(s), checksum([]byte(s))...))
		if tok, err := ParseToken(text); err == nil && tok.Text() != text {
			t.Fatal("one token, two texts")
		}
	})
}
