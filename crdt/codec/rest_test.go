package codec

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

// What a newer release has written of a person is kept, field by field, when this
// one opens it, changes what it knows, and seals it anew.
func TestAnOlderReleaseLosesNothing(t *testing.T) {
	card := map[any]any{1: "Astrid Ek", 4: "a chair", 9: map[int]any{1: "photo", 2: []byte{1, 2}}, "new": []any{true, 7}}
	c, err := DecodeCard(marshal(card))
	if err != nil || c.Name != "Astrid Ek" {
		t.Fatal(err)
	}
	c.Name, c.Assist, c.Company = "Astrid Al", "", "Bolaget"
	delete(card, 4)
	card[1], card[2] = "Astrid Al", "Bolaget"
	if got := EncodeCard(c); !bytes.Equal(got, marshal(card)) {
		t.Errorf("card: %x, want %x", got, marshal(card))
	}

	signed := map[int]any{1: "nda", 2: "sv", 3: "00ff", 4: "v", 5: int64(9), 6: "typed", 7: "Astrid Ek", 12: "witness"}
	given := map[int]any{1: "notify", 5: int64(1000), 10: []string{"a", "b"}}
	dossier := map[int]any{1: "a@b.se", 5: true, 6: []any{signed}, 7: []any{given, map[int]any{1: "assist"}}, 8: "car", 20: []any{map[int]any{1: "e", 2: "name", 3: true, 9: "x"}}, 70: false}
	d, err := DecodeDossier(marshal(dossier))
	if err != nil || len(d.Signed) != 1 || len(d.Consents) != 2 || len(d.Matches) != 1 || d.Matches[0].Entry != "e" {
		t.Fatal(err)
	}
	d.Email, d.Notify, d.Consents[0].Withdrawn = "c@d.se", false, time.UnixMilli(2000)
	dossier[1], given[8] = "c@d.se", int64(2000)
	delete(dossier, 5)
	got := EncodeDossier(d)
	if !bytes.Equal(got, marshal(dossier)) {
		t.Errorf("dossier: %x, want %x", got, marshal(dossier))
	}
	again, err := DecodeDossier(got)
	if err != nil || !cmp.Equal(d, again, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })) {
		t.Error("not stable", err)
	}
}

// What this release knows is its own to say, also against a rest that claims it.
func TestARestSaysNothingThatIsKnown(t *testing.T) {
	c := record.Card{Name: "Astrid Ek", Rest: record.Private(marshal(map[int]any{1: "Bo", 4: "a chair", 9: "x"}))}
	if got, want := EncodeCard(c), marshal(map[int]any{1: "Astrid Ek", 9: "x"}); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	for _, bad := range []record.Private{"\xff", "\xa1", "text"} {
		if got, want := EncodeCard(record.Card{Name: "Astrid Ek", Rest: bad}), marshal(map[int]any{1: "Astrid Ek"}); !bytes.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
	}
}

// Opening and sealing anew changes nothing, whatever was in it.
func FuzzParticulars(f *testing.F) {
	f.Add(EncodeCard(record.Card{Name: "Astrid Ek"}))
	f.Add(marshal(map[any]any{1: "x", 9: 1.5, "new": nil, -4: []byte("y")}))
	f.Add([]byte("\xa31\xa200\xc30000800")) // a tag upon what it is not for
	f.Add(marshal(map[int]any{6: []any{map[int]any{1: "nda", 99: "x"}}, 7: []any{map[int]any{99: []any{}}}, 32: "invite"}))
	f.Add(EncodeParcel(record.Parcel{For: "Sven Ask", Mail: "sven@example.org", From: "PostNord", Kept: "shelf 3", Items: 2, Cold: true}))
	f.Add(EncodeSlip(record.Slip{To: "Bo Ek"}))
	f.Add(marshal(map[int]any{64: "Sven Ask", 69: -1, 72: "Bo", 99: []any{1}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := DecodeParcel(b); err == nil {
			once := EncodeParcel(p)
			if again, err := DecodeParcel(once); err != nil && len(once) <= MaxPart || err == nil && !bytes.Equal(EncodeParcel(again), once) {
				t.Fatal("a delivery is not stable:", err)
			}
		}
		if s, err := DecodeSlip(b); err == nil {
			once := EncodeSlip(s)
			if again, err := DecodeSlip(once); err != nil && len(once) <= MaxPart || err == nil && !bytes.Equal(EncodeSlip(again), once) {
				t.Fatal("a slip is not stable:", err)
			}
		}
		if c, err := DecodeCard(b); err == nil {
			once := EncodeCard(c)
			if again, err := DecodeCard(once); err != nil && len(once) <= MaxPart || err == nil && !bytes.Equal(EncodeCard(again), once) {
				t.Fatal("a card is not stable:", err)
			}
		}
		if d, err := DecodeDossier(b); err == nil {
			once := EncodeDossier(d)
			if again, err := DecodeDossier(once); err != nil && len(once) <= MaxPart || err == nil && !bytes.Equal(EncodeDossier(again), once) {
				t.Fatal("a dossier is not stable:", err)
			}
		}
	})
}

// What is sealed of a delivery is as it was, with what a newer release says of it.
func TestAParcelIsKeptAsItWas(t *testing.T) {
	p := record.Parcel{For: "Sven Ask", Mail: "sven@example.org", From: "PostNord", Kept: "shelf 3", Note: "fragile", Items: 2, Cold: true, Rest: record.Private(marshal(map[int]any{99: "x"}))}
	if got, err := DecodeParcel(EncodeParcel(p)); err != nil || got != p {
		t.Error("a delivery is altered", err)
	}
	s := record.Slip{To: "Bo Ek", Rest: record.Private(marshal(map[int]any{98: "y"}))}
	if got, err := DecodeSlip(EncodeSlip(s)); err != nil || got != s {
		t.Error("a slip is altered", err)
	}
	if c, err := DecodeCard(EncodeParcel(p)); err == nil && c.Name != "" {
		t.Error("a delivery reads as a card")
	}
}
