package shape_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/shape"
)

// What the core commits decodes to what was put, and Encode writes the very
// bytes that the core wrote.
func TestDayMatchesCore(t *testing.T) {
	changes := 0
	rapid.Check(t, func(rt *rapid.T) {
		actor := rapid.SliceOfN(rapid.Byte(), 1, shape.MaxActor).Draw(rt, "actor")
		sizes := rapid.SliceOfN(rapid.OneOf(
			rapid.IntRange(1, 600),
			rapid.SampledFrom([]int{1, 7, 8, 127, 128, 1023, 1024, 16383, 16384, shape.MaxEvent}),
		), 25, 160).Draw(rt, "sizes")
		fill := rapid.Byte().Draw(rt, "fill")
		doc := newDoc(t, actor)
		var last [32]byte
		for i, size := range sizes {
			seq := uint64(i + 1)
			event := bytes.Repeat([]byte{fill}, size)
			event[0] = byte(i)
			raw := put(t, doc, shape.DayKey(actor, seq), event)
			d, err := shape.DecodeDay(raw)
			if err != nil {
				rt.Fatalf("change %d of the core is refused: %v", seq, err)
			}
			if !bytes.Equal(d.Actor, actor) || d.Seq != seq || !bytes.Equal(d.Event, event) {
				rt.Fatalf("change %d decodes to another", seq)
			}
			if err := d.Follows(seq-1, last); err != nil {
				rt.Fatalf("change %d does not follow: %v", seq, err)
			}
			again, hash, err := shape.EncodeDay(d)
			if err != nil || !bytes.Equal(again, raw) || hash != d.Hash {
				rt.Fatalf("change %d is encoded differently: %v", seq, err)
			}
			if heads := doc.Heads(); len(heads) != 1 || heads[0] != d.Hash {
				rt.Fatalf("change %d has another hash", seq)
			}
			last = d.Hash
			changes++
		}
	})
	if !testing.Short() && changes < 1000 {
		t.Errorf("only %d changes compared", changes)
	}
}

func TestDayFollows(t *testing.T) {
	actor := []byte{1, 2}
	var days []shape.Day
	var prev [32]byte
	for seq := uint64(1); seq <= 3; seq++ {
		raw, hash, err := shape.EncodeDay(shape.Day{Actor: actor, Seq: seq, Prev: prev, Event: []byte("e")})
		if err != nil {
			t.Fatal(err)
		}
		d, err := shape.DecodeDay(raw)
		if err != nil {
			t.Fatal(err)
		}
		days, prev = append(days, d), hash
	}
	for _, c := range []struct {
		name    string
		d       shape.Day
		lastSeq uint64
		last    [32]byte
		want    error
	}{
		{"first", days[0], 0, [32]byte{}, nil},
		{"next", days[2], 2, days[1].Hash, nil},
		{"missing one", days[2], 1, days[0].Hash, shape.ReasonGap},
		{"missing first", days[1], 0, [32]byte{}, shape.ReasonGap},
		{"again", days[1], 2, days[1].Hash, shape.ReasonKnown},
		{"other chain", days[1], 1, [32]byte{9}, shape.ReasonFork},
		{"same number, other change", days[1], 2, [32]byte{9}, shape.ReasonFork},
		{"older", days[0], 3, days[2].Hash, shape.ReasonFork},
	} {
		if err := c.d.Follows(c.lastSeq, c.last); err != c.want {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}
