package codec

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
)

func sampleActs() record.Acts {
	return record.Acts{N: 2, Prev: [32]byte{7}, Acts: []record.Act{
		{Kind: record.ActShred, At: 9, Visits: []record.VisitID{{1}, {2}}, Erasure: record.ErasureID{3}},
		{Kind: record.ActAudit, At: 10, What: "card.open", By: "warden", Note: "drill"},
	}}
}

func TestActsRoundTrip(t *testing.T) {
	want := sampleActs()
	got, err := DecodeActs(EncodeActs(want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func TestAnActOfANewerReleaseIsKept(t *testing.T) {
	b := marshal(map[int]any{1: 1, 2: make([]byte, 32), 3: []any{map[int]any{1: "pardoned", 2: 5, 70: "new"}}, 71: "new"})
	got, err := DecodeActs(b)
	if err != nil || got.Acts[0].Kind != "pardoned" {
		t.Fatal(got, err)
	}
}

func TestTheLongestActsAreAccepted(t *testing.T) {
	text := strings.Repeat("x", MaxActText)
	visits := make([]record.VisitID, MaxActVisits)
	for i := range visits {
		visits[i] = record.VisitID{1, byte(i), byte(i >> 8)}
	}
	a := record.Acts{N: 1<<64 - 1, Prev: [32]byte{1}}
	for range 7 {
		a.Acts = append(a.Acts, record.Act{Kind: record.ActShred, At: 1, Visits: visits, What: text, By: text, Note: text})
	}
	if _, err := DecodeActs(EncodeActs(a)); err != nil {
		t.Fatal(err)
	}
	a.Acts = append(a.Acts, a.Acts[0])
	if err := CheckActs(a.Acts); err == nil {
		t.Fatal("too much is accepted")
	}
}

func TestActsThatAreRefused(t *testing.T) {
	for name, bend := range map[string]func(*record.Acts){
		"no number":         func(a *record.Acts) { a.N = 0 },
		"first with prev":   func(a *record.Acts) { a.N = 1 },
		"no prev":           func(a *record.Acts) { a.Prev = [32]byte{} },
		"none":              func(a *record.Acts) { a.Acts = nil },
		"no kind":           func(a *record.Acts) { a.Acts[0].Kind = "" },
		"no time":           func(a *record.Acts) { a.Acts[0].At = 0 },
		"no visit":          func(a *record.Acts) { a.Acts[0].Visits = nil },
		"zero visit":        func(a *record.Acts) { a.Acts[0].Visits[1] = record.VisitID{} },
		"too many visits":   func(a *record.Acts) { a.Acts[0].Visits = make([]record.VisitID, MaxActVisits+1) },
		"text too long":     func(a *record.Acts) { a.Acts[1].Note = strings.Repeat("x", MaxActText+1) },
		"text no utf-8":     func(a *record.Acts) { a.Acts[1].What = "\xff" },
		"too many acts":     func(a *record.Acts) { a.Acts = make([]record.Act, MaxActs+1) },
		"time after 9999":   func(a *record.Acts) { a.Acts[0].At = 1<<64 - 1 },
		"kind without end":  func(a *record.Acts) { a.Acts[0].Kind = record.ActKind(strings.Repeat("x", 65)) },
		"kind that is none": func(a *record.Acts) { a.Acts[0].Kind = "\xff" },
	} {
		a := sampleActs()
		bend(&a)
		if _, err := DecodeActs(EncodeActs(a)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzDecodeActs(f *testing.F) {
	f.Add(EncodeActs(sampleActs()))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := DecodeActs(b)
		if err != nil {
			return
		}
		again, err := DecodeActs(EncodeActs(a))
		if err != nil || !bytes.Equal(EncodeActs(a), EncodeActs(again)) {
			t.Fatal("not stable:", err)
		}
	})
}
