package codec

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

func TestKept(t *testing.T) {
	at := time.UnixMilli(1_790_000_000_123).UTC()
	for _, k := range []record.Kept{
		{Visit: record.VisitID{9}, Until: 21000, Place: record.Place{Site: "North", Zone: "Floor 2"}, Type: "visitor", Name: "Åsa Ek", Document: "nda", Signed: []record.Signature{{Document: "nda", Lang: "sv", Hash: "00ff", Version: "v", At: 9, How: "drawn", Drawing: "1,2 3,4"}}},
		{
			Visit: record.VisitID{8}, Until: 21000, Hold: "h", Name: "Bo Al", Card: &record.Card{Name: "Bo Al", Host: "Cia"}, Dossier: &record.Dossier{Email: "b@c.se", Lang: "sv"},
			Versions: [2]uint32{1, 65536}, Events: []record.KeptEvent{{At: at, What: "arrived", Node: record.NodeID{3}, Place: record.Place{Site: "North"}, How: "kiosk"}},
			Rest: record.Private(marshal(map[int]any{90: "newer"})),
		},
	} {
		b := EncodeKept(k)
		got, err := DecodeKept(b)
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(got, k, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })) {
			t.Errorf("%+v", got)
		}
		// What is sealed beside it under other ids is none, and it is no such thing.
		if d, err := DecodeDossier(b); err == nil && d.Email != "" {
			t.Error("it reads as a dossier")
		}
	}
	for _, b := range [][]byte{EncodeDossier(record.Dossier{Email: "a@b.se"}), EncodeInvite(record.Invite{Name: "Åsa"}), {0xa0}, nil} {
		if _, err := DecodeKept(b); err == nil {
			t.Errorf("%x reads as a kept record", b)
		}
	}
}
