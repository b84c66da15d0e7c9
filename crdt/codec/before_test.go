package codec

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

func someBefore() record.Before {
	return record.Before{
		Company: "Ekström & Söner", Host: "Sven", Email: "asa@example.org", Phone: "070-123 45 67", Purpose: "hissen", Lang: "ar", At: 1_795_000_000_000,
		Signed: []record.Signature{{Document: "nda", Lang: "sv", Hash: "abc", Version: "2026-11-22 09:00:00", At: 5, How: "drawn", Drawing: "1,2 3,4"}},
		Rest:   record.Private(marshal(map[int]any{150: "of a newer release"})),
	}
}

// What was filled in before comes back as it was, and no other part reads as it.
func TestBefore(t *testing.T) {
	want := someBefore()
	got, err := DecodeBefore(EncodeBefore(want))
	if err != nil || !cmp.Equal(got, want) {
		t.Error(err, cmp.Diff(want, got))
	}
	for _, b := range [][]byte{EncodeDossier(record.Dossier{Email: "a@b.se"}), EncodeInvite(record.Invite{Name: "Åsa"}), EncodeCard(record.Card{Name: "Åsa"}), {0xa0}, nil} {
		if _, err := DecodeBefore(b); err == nil {
			t.Errorf("%x reads as what was filled in before", b)
		}
	}
	if i, _ := DecodeInvite(EncodeBefore(want)); i.Name != "" || i.Company != "" {
		t.Error("it reads as an invitation")
	}
}

func FuzzBefore(f *testing.F) {
	f.Add(EncodeBefore(someBefore()))
	f.Add(EncodeBefore(record.Before{At: 1}))
	f.Add(marshal(map[any]any{96: 1, 103: []any{map[int]any{1: "nda", 99: "x"}}, "new": nil}))
	f.Add(marshal(map[int]any{96: "x", 103: "y"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := DecodeBefore(b); err == nil {
			once := EncodeBefore(x)
			if again, err := DecodeBefore(once); err != nil && len(once) <= MaxPart || err == nil && !bytes.Equal(EncodeBefore(again), once) {
				t.Fatal("it is not stable:", err)
			}
		}
	})
}
