package beat

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

var epoch = time.UnixMilli(1_800_000_000_000)

func sample() Beat {
	return Beat{
		Node: identity.NodeID{1}, Incarnation: NewIncarnation(epoch), N: 7,
		At: epoch.Add(time.Second), Position: []byte("position"), Sig: bytes.Repeat([]byte{9}, sigSize),
	}
}

func TestBeatSurvivesTheWire(t *testing.T) {
	want := sample()
	raw, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Same(want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestLargestBeatFits(t *testing.T) {
	b := sample()
	b.N, b.Position = 1<<63, make([]byte, MaxPosition)
	raw, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(raw); err != nil {
		t.Fatal(err)
	}
	b.Position = append(b.Position, 0)
	if _, err := b.Encode(); err == nil {
		t.Fatal("a position over the limit was encoded")
	}
}

func TestDecodeIsStrict(t *testing.T) {
	good, _ := sample().Encode()
	wrongSig := sample()
	wrongSig.Sig = wrongSig.Sig[1:]
	short, _ := wrongSig.Encode()
	zero := sample()
	zero.N = 0
	first, _ := zero.Encode()
	far := sample()
	far.Incarnation[0] = 0xff
	late, _ := far.Encode()
	for name, raw := range map[string][]byte{
		"empty":              {},
		"trailing byte":      append(bytes.Clone(good), 0),
		"cut short":          good[:len(good)-1],
		"too long":           make([]byte, MaxSize+1),
		"short signature":    short,
		"count zero":         first,
		"incarnation in 10k": late,
		"unknown version":    bytes.Replace(bytes.Clone(good), []byte{0x86, 1}, []byte{0x86, 2}, 1),
		"longer integer":     bytes.Replace(bytes.Clone(good), []byte{0x86, 1}, []byte{0x86, 0x18, 1}, 1),
	} {
		if _, err := Decode(raw); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
}

func TestIncarnationsOrder(t *testing.T) {
	early, late := NewIncarnation(epoch), NewIncarnation(epoch.Add(time.Millisecond))
	if early.Compare(late) != -1 || late.Compare(early) != 1 || early.Compare(early) != 0 {
		t.Fatal("incarnations do not order by start")
	}
	if next := late.After(epoch.Add(-time.Hour)); next.Compare(late) != 1 {
		t.Fatal("an incarnation made with a clock gone back does not order after the last")
	}
	if got := NewIncarnation(epoch).Start(); !got.Equal(epoch) {
		t.Fatalf("start is %v, want %v", got, epoch)
	}
}

func FuzzDecode(f *testing.F) {
	good, _ := sample().Encode()
	f.Add(good)
	f.Add([]byte{0x82, 0x86})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Decode(raw)
		if err != nil {
			return
		}
		again, err := b.Encode()
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("a second form was let through: %x, canonical %x (%v)", raw, again, err)
		}
	})
}
