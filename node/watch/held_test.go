package watch

import (
	"bytes"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// FuzzDecode reads any bytes as what a desk tells a door: they are refused, or they
// come out as they went in, and somebody can be compared with them.
func FuzzDecode(f *testing.F) {
	cheap := Cost{Time: 1, Memory: 8}
	full := &Held{Country: "46", cost: cheap, key: key{1}, all: []tagged{{Tag: key{1}.tag(cheap, form{Name, "berg anna"}), By: Name, Until: 21000}}}
	for _, h := range []*Held{full, {Country: "46", cost: cheap}} {
		b, err := h.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"digest":"","cost":{"Time":0,"Memory":4294967295}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Decode(b)
		if err != nil {
			return
		}
		again, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		same, err := Decode(again)
		if err != nil {
			t.Fatal("what was read cannot be written:", err)
		}
		if third, _ := same.Encode(); !bytes.Equal(again, third) {
			t.Fatal("it changes on the way")
		}
		if h.cost == cheap {
			h.Match(Person{Name: record.Private("Anna Berg")}, 20900)
		}
	})
}

// TestWhatADoorIsMadeToWork: a desk cannot have a door work for longer, or with more
// memory, than it can bear.
func TestWhatADoorIsMadeToWork(t *testing.T) {
	for _, c := range []Cost{{Time: 0, Memory: 8}, {Time: 1, Memory: 7}, {Time: costliest.Time + 1, Memory: 8}, {Time: 1, Memory: costliest.Memory + 1}} {
		b, err := (&Held{Country: "46", cost: c}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(b); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	b, _ := (&Held{Country: "46", cost: costliest}).Encode()
	if _, err := Decode(b); err != nil {
		t.Error(err)
	}
}
