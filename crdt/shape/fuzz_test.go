package shape

import (
	"bytes"
	"testing"
)

// Decode never panics; what it accepts, Encode writes with identical bytes;
// the two kinds never accept the same change. Some seeds are 64 KiB long: run
// it with -fuzzminimizetime 20x, or the time goes into shortening them.
func FuzzDecode(f *testing.F) {
	g := newCampaign(1)
	for range 40 {
		f.Add(g.honestDay())
		f.Add(g.allowedCampus())
		f.Add(g.weird())
		f.Add(g.mutated())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		// With a right checksum too, so that the fuzzer gets past it.
		sealed := bytes.Clone(raw)
		if len(sealed) > typeAt {
			seal(sealed)
		}
		for _, b := range [][]byte{raw, sealed} {
			before := bytes.Clone(b)
			c, err := Decode(b)
			if !bytes.Equal(b, before) {
				t.Fatal("the input is changed")
			}
			if err != nil {
				if ReasonOf(err) == "" {
					t.Fatalf("no reason: %v", err)
				}
				continue
			}
			again, hash, err := Encode(c)
			if err != nil || !bytes.Equal(again, b) || hash != c.Hash {
				t.Fatalf("not canonical (%v): %x", err, b)
			}
			_, dayErr := DecodeDay(b)
			_, campusErr := DecodeCampus(b)
			if dayErr == nil && campusErr == nil {
				t.Fatalf("both kinds: %x", b)
			}
		}
	})
}

func FuzzNormalise(f *testing.F) {
	g := newCampaign(1)
	for range 5 {
		f.Add(g.honestDay())
	}
	f.Add([]byte(magic + "\x00\x00\x00\x00\x02\x03\x4b\x04\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		out, err := Normalise(raw)
		if err != nil {
			return
		}
		if len(out) > MaxRaw || !sumOK(out) || out[typeAt] != chunkChange {
			t.Fatalf("bad chunk: %x", out)
		}
	})
}
