package mesh

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

func aBeat() beat.Beat {
	return beat.Beat{
		Node: identity.NodeID{1}, Incarnation: beat.Incarnation{2: 1}, N: 7,
		At: time.UnixMilli(1_800_000_000_000), Position: []byte("{}"), Sig: make([]byte, 64),
	}
}

// What a node with a fast clock said, and a relay held for long, is worth what
// it was worth when the relay heard it.
func TestAFastClocksBeatHeldByARelayIsDatedBack(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		a, b, fast := c.nodes[0], c.nodes[1], c.nodes[2]
		fast.log.edit(func() { fast.log.clock = func() time.Time { return time.Now().Add(time.Hour) } })
		c.meshed()
		a.stop()
		*a.beats = beatShelf{}
		c.within(20*time.Second, "the relay's news", func() bool { return !b.news(fast).AsOf.IsZero() })
		fast.stop()
		said := time.Now()
		for i := range 3 { // a hears of it from b alone, each time later
			time.Sleep(7 * time.Minute)
			if i > 0 {
				b.stop() // what b keeps on disk is no older for that
				b.start()
			}
			a.start()
			c.within(20*time.Second, "news by way of the relay", func() bool { return !a.news(fast).AsOf.IsZero() })
			synctest.Wait()
			if n := a.news(fast); n.AsOf.After(said.Add(time.Second)) || n.LastHeard.After(said.Add(time.Second)) {
				t.Fatalf("round %d: as of %v, heard %v, after its last word", i, n.AsOf.Sub(said), n.LastHeard.Sub(said))
			}
			a.stop()
			*a.beats = beatShelf{}
		}
	})
}

func TestAgesAddUpAndHaveOneForm(t *testing.T) {
	for _, age := range []time.Duration{0, time.Millisecond, time.Hour, 49 * 24 * time.Hour, 1000 * 24 * time.Hour} {
		raw := beatFrame(aBeat(), true, age)[1:]
		b, covered, got, err := splitBeat(raw)
		if err != nil || !covered || !b.Same(aBeat()) || got != min(age, (1<<32-1)*time.Millisecond) {
			t.Fatalf("%v: %v %v %v", age, covered, got, err)
		}
	}
	plain := beatFrame(aBeat(), false, 0)[1:]
	for name, raw := range map[string][]byte{
		"no age after its flag": append([]byte{flagAged}, plain[1:]...),
		"an age of zero":        append([]byte{flagAged, 0, 0, 0, 0}, plain[1:]...),
		"cut short":             {flagAged, 0, 0, 1},
		"another flag":          append([]byte{4}, plain[1:]...),
		"nothing":               {},
	} {
		if _, _, _, err := splitBeat(raw); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSplitBeat(f *testing.F) {
	f.Add(beatFrame(aBeat(), true, 0)[1:])
	f.Add(beatFrame(aBeat(), false, time.Minute)[1:])
	f.Add([]byte{flagAged | flagCovered, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, covered, age, err := splitBeat(raw)
		if err != nil {
			return
		}
		if again := beatFrame(b, covered, age)[1:]; !bytes.Equal(again, raw) {
			t.Fatalf("a second form was let through: %x, canonical %x", raw, again)
		}
	})
}
