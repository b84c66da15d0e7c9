package codec

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

func sample() record.Event {
	return record.Event{
		Kind: record.Arrived, At: 77, Visit: record.VisitID{1, 2},
		Place: record.Place{Site: "North", Entrance: "East gate"}, How: "kiosk", Ends: 20000,
		Of: &record.EventID{Doc: "day/20261122/0/s", Actor: record.ActorID{3}, Seq: 9},
	}
}

func TestEventRoundTrip(t *testing.T) {
	e := sample()
	got, err := DecodeEvent(EncodeEvent(e))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, got); d != "" {
		t.Fatal(d)
	}
}

// An event of a newer release: an unknown kind and an unknown field.
func TestNewerReleasesEventIsKept(t *testing.T) {
	b := marshal(map[int]any{1: "teleported", 2: 9, 77: "something new"})
	e, err := DecodeEvent(b)
	if err != nil || e.Kind != "teleported" || e.At != 9 {
		t.Fatalf("%+v %v", e, err)
	}
}

func TestRefusals(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":      nil,
		"too long":   append(EncodeEvent(sample()), make([]byte, MaxEvent)...),
		"trailing":   append(EncodeEvent(sample()), 0),
		"no kind":    marshal(map[int]any{2: 9}),
		"twice":      {0xa2, 0x01, 0x61, 'x', 0x01, 0x61, 'y'},
		"indefinite": {0xbf, 0x01, 0x61, 'x', 0xff},
	} {
		if _, err := DecodeEvent(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(EncodeEvent(sample()))
	f.Add(EncodeEvent(record.Event{Kind: record.Refused, Visit: record.VisitID{9}, At: 3, How: "link", By: record.ByHost, Reason: record.AnotherTime}))
	f.Add(EncodeSealed([]record.SealedEntry{{Kind: record.PartPut, Audience: record.BeforeAudience, Version: 1_795_000_000, At: 3, Visit: record.VisitID{9}, Box: []byte("x")}}))
	f.Add(EncodeSealed([]record.SealedEntry{{Kind: record.KeyPut, At: 3, Visit: record.VisitID{9}, Box: []byte("x")}}))
	for _, k := range []record.Kind{record.Delivered, record.PickedUp, record.SentBack, record.Lost, record.PutBack, record.Reminded} {
		f.Add(EncodeEvent(record.Event{Kind: k, At: 9, Visit: record.VisitID{7}, Other: record.VisitID{8}, By: "op", Since: 8}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := DecodeEvent(b); err == nil {
			one := []record.Stated{{Event: e}, {ID: record.EventID{Seq: 1}, Event: e}}
			if d, told := record.FoldDelivery(one); told != e.OfDelivery() || len(d.Endings) > 1 {
				t.Fatalf("folded to %d endings of %v", len(d.Endings), told)
			}
			again, err := DecodeEvent(EncodeEvent(e))
			if err != nil || !cmp.Equal(e, again) {
				t.Fatalf("not stable: %v", err)
			}
		}
		if s, err := DecodeSealed(b); err == nil && !bytes.Equal(EncodeSealed(s), EncodeSealed(s)) {
			t.Fatal("not stable")
		}
	})
}

func TestParticularsRoundTrip(t *testing.T) {
	c := record.Card{Name: "Åsa", Company: "Bolaget", Host: "Sven", Assist: "rullstol"}
	if got, err := DecodeCard(EncodeCard(c)); err != nil || got != c {
		t.Fatal("card altered", err)
	}
	d := record.Dossier{Email: "a@b.se", Phone: "070", Purpose: "möte", Lang: "sv", Notify: true, Signed: []record.Signature{
		{Document: "nda", Lang: "sv", Hash: "00ff", Version: "2026-11-22 09:00:00", At: 1764000000000, How: "typed", Name: "Åsa Ek"},
		{Document: "rules", Lang: "en", Hash: "01ff", Version: "2026-11-22 09:00:00", At: 1764000000001, How: "drawn", Drawing: "1,2 3,4;5,6"},
	}, Consents: []record.Consent{
		{Purpose: "assist", Version: 2, Hash: "ab", Lang: "sv", At: time.UnixMilli(1e12).UTC(), How: "kiosk", Guardian: true},
		{Purpose: "notify", Version: 1, Hash: "cd", Lang: "en", At: time.UnixMilli(2e12).UTC(), How: "desk", Withdrawn: time.UnixMilli(3e12).UTC(), WithdrawnHow: "self"},
	}}
	if got, err := DecodeDossier(EncodeDossier(d)); err != nil || !reflect.DeepEqual(got, d) {
		t.Fatal("dossier altered", err)
	}
}
