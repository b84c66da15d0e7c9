package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCodesCatchOneWrongCharacterAndOneExchange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id VisitID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		for _, c := range []struct {
			text  string
			parse func(string) error
		}{
			{id.String(), func(s string) error { _, err := ParseVisitID(s); return err }},
			{strings.ReplaceAll(id.Badge().String(), "-", ""), func(s string) error { _, err := ParseBadge(s); return err }},
		} {
			if err := c.parse(c.text); err != nil {
				t.Fatalf("%s: %v", c.text, err)
			}
			i := rapid.IntRange(0, len(c.text)-1).Draw(t, "i")
			ch := rapid.SampledFrom([]byte(alphabet)).Draw(t, "ch")
			if ch != c.text[i] && c.parse(c.text[:i]+string(ch)+c.text[i+1:]) == nil {
				t.Fatalf("%s: %c at %d was not caught", c.text, ch, i)
			}
			j := rapid.IntRange(0, len(c.text)-1).Draw(t, "j")
			b := []byte(c.text)
			b[i], b[j] = b[j], b[i]
			if string(b) != c.text && c.parse(string(b)) == nil {
				t.Fatalf("%s: exchange of %d and %d was not caught", c.text, i, j)
			}
		}
	})
}

func TestCodesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id VisitID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if got, err := ParseVisitID(strings.ToLower(id.String())); err != nil || got != id {
			t.Fatalf("%v %v", got, err)
		}
		badge := id.Badge()
		if got, err := ParseBadge(" " + strings.ToLower(badge.String())); err != nil || got != badge {
			t.Fatalf("%v %v", got, err)
		}
		lo, hi := badge.Bounds()
		if lo.Badge() != badge || hi.Badge() != badge || string(id[:]) < string(lo[:]) || string(id[:]) > string(hi[:]) {
			t.Fatal("bounds do not hold the visit")
		}
		if _, err := ParseVisitID(NodeID(id).String()); err == nil {
			t.Fatal("a node id was taken for a visit id")
		}
	})
}

func TestBadgeForgivesLookAlikes(t *testing.T) {
	for i := range 4000 {
		b := BadgeCode(uint64(i) * 7919 * 104729)
		b &= 1<<badgeBits - 1
		s := strings.NewReplacer("0", "o", "1", "l").Replace(b.String())
		if got, err := ParseBadge(s); err != nil || got != b {
			t.Fatalf("%s: %v %v", s, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("K7M4-2QXP")
	f.Add(visit(1).String())
	f.Add("day/20261122/0/north")
	f.Fuzz(func(t *testing.T, s string) {
		if b, err := ParseBadge(s); err == nil && b>>badgeBits != 0 {
			t.Fatal("badge out of range")
		}
		_, _ = ParseVisitID(s)
		if d, err := ParseDocID(s); err == nil && string(d.ID()) != s {
			t.Fatal("document name is not in its one form")
		}
	})
}

func TestPrivateShows(t *testing.T) {
	for text, want := range map[Private]bool{
		"": false, " \u3000\u00a0": false, "\u200b": false, "\u200d\u200c\u200e": false, "\u00ad\u2060": false, "\u3164\u115f": false,
		"\u2800": false, "\ufe0f\u0301": false, "\U000e0041": false,
		"a": true, "李": true, "ज़ोया": true, "👩\u200d👧": true, "\u200fمحمد": true, "-": true, "\u200bÅ": true, "\U000e1234": true,
	} {
		if got := text.Shows(); got != want {
			t.Errorf("%+q shows: %t", text.Reveal(), got)
		}
	}
}

func TestPrivatePrintsWithheld(t *testing.T) {
	const secret = "Agda Markör"
	p := Private(secret)
	var b strings.Builder
	j, _ := json.Marshal(map[string]any{"n": p, "s": []Private{p}})
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "p", p, "in", struct{ P Private }{p})
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "p", p, "in", struct{ P Private }{p})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb, p)
		fmt.Fprintf(&b, verb, struct{ P Private }{p})
		fmt.Fprintf(&b, verb, &struct{ P []Private }{[]Private{p}})
	}
	if s := b.String() + string(j); strings.Contains(s, "Agda") || strings.Contains(s, fmt.Sprintf("%x", secret)) {
		t.Fatalf("personal data printed: %s", s)
	}
}

func TestParseCodeTellsBadgeFromVisit(t *testing.T) {
	v := visit(7)
	for s, want := range map[string]Code{
		v.Badge().String():                   {Badge: v.Badge()},
		" " + strings.ToLower(v.QR()) + "\n": {Badge: v.Badge(), Visit: v},
		v.String():                           {Badge: v.Badge(), Visit: v},
	} {
		if got, err := ParseCode(s); err != nil || got != want {
			t.Errorf("%q: %+v %v", s, got, err)
		}
	}
	for s, want := range map[string]error{
		"": ErrCode, "åäö": ErrCode, "KXXX-XXXX-X": ErrCode, strings.Repeat("1", 10_000): ErrCode,
		"UP3" + v.String(): ErrNewerCode, "UP2" + v.String(): ErrCode,
	} {
		if _, err := ParseCode(s); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", s, err, want)
		}
	}
}

func TestErasureIDs(t *testing.T) {
	id := ErasureID{1, 2, 3}
	got, err := ParseErasureID(id.String())
	if err != nil || got != id || id.IsZero() || !(ErasureID{}).IsZero() {
		t.Fatal(got, err)
	}
	if _, err := ParseErasureID(VisitID(id).String()); err == nil {
		t.Fatal("a visit's id is read as an erasure's")
	}
}

func TestActsDocumentsHaveNames(t *testing.T) {
	for _, s := range []string{"acts/20261122/0/north", "sealed/20261122/3/north", "day/20261122/0/north"} {
		if d, err := ParseDocID(s); err != nil || string(d.ID()) != s {
			t.Error(s, err)
		}
	}
	if _, err := ParseDocID("act/20261122/0/north"); err == nil {
		t.Error("a kind that is none is accepted")
	}
}
