package envelope

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
)

func TestARunKeepsItsEntriesAndTheLastProof(t *testing.T) {
	sign, v := keyed()
	rapid.Check(t, func(t *rapid.T) {
		es := batch(rapid.IntRange(1, MaxRun).Draw(t, "n"))
		if err := Sign(es, sign); err != nil {
			t.Fatal(err)
		}
		lo := rapid.IntRange(0, len(es)-1).Draw(t, "lo")
		got, err := DecodeRun(EncodeRun(es[lo:]))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(es)-lo {
			t.Fatalf("%d entries of %d", len(got), len(es)-lo)
		}
		for i, e := range got {
			if e.ID != es[lo+i].ID || !bytes.Equal(e.Payload, es[lo+i].Payload) {
				t.Fatalf("entry %d became %+v", i, e)
			}
			if last := i == len(got)-1; e.Bare() == last || (v.Verify(e) == nil) != last {
				t.Fatalf("entry %d of %d: bare is %v", i, len(got), e.Bare())
			}
			rests, err := Decode(e.Encode())
			if err != nil || rests.ID != e.ID || rests.Bare() != e.Bare() || !bytes.Equal(rests.Payload, e.Payload) {
				t.Fatalf("at rest: %+v, %v", rests, err)
			}
		}
	})
}

func TestABareEntryDoesNotTravelAlone(t *testing.T) {
	e := batch(1)[0]
	if _, err := DecodeRun(e.Encode()); err == nil {
		t.Fatal("an entry without a proof is read from elsewhere")
	}
}

func FuzzDecodeRun(f *testing.F) {
	sign, _ := keyed()
	es := batch(5)
	_ = Sign(es, sign)
	f.Add(EncodeRun(es))
	f.Add(EncodeRun(es[2:4]))
	f.Add(EncodeRun(es[:1]))
	beside := *es[1]
	beside.Aside = []byte("aside")
	f.Add(beside.Encode())
	f.Add((&Envelope{ID: record.EventID{Doc: "d", Seq: 1}, Payload: []byte{1}}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := DecodeRun(b)
		if err != nil {
			return
		}
		if !bytes.Equal(EncodeRun(got), b) {
			t.Fatal("another form")
		}
	})
}
