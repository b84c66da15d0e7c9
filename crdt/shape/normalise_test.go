package shape_test

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/automerge/automerge-go"

	"github.com/upprop/upprop/crdt/shape"
)

// The core writes no change compressed, neither by Change.Save nor by
// SaveIncremental, whatever its length; it reads the compressed form, as other
// writers make it, as the same change. All normalise to the same bytes, and
// the core takes these.
func TestNormaliseCore(t *testing.T) {
	actor := []byte{1, 2, 3}
	for _, size := range []int{1, 100, 255, 256, 300, 5000, shape.MaxEvent} {
		doc := newDoc(t, actor)
		saved := put(t, doc, shape.DayKey(actor, 1), bytes.Repeat([]byte{7}, size))
		d, err := shape.DecodeDay(saved)
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		_, n := binary.Uvarint(saved[9:])
		deflated := deflatedChunk(deflate(t, saved[9+n:]), saved[9+n:])
		inc := doc.SaveIncremental()
		if inc[8] != 1 {
			t.Errorf("size %d: SaveIncremental gave chunk type %d", size, inc[8])
		}
		for _, raw := range [][]byte{saved, inc, deflated} {
			plain, err := shape.Normalise(raw)
			if err != nil || !bytes.Equal(plain, saved) {
				t.Fatalf("size %d: %v", size, err)
			}
			other := automerge.New()
			if err := other.LoadIncremental(raw); err != nil {
				t.Fatal(err)
			}
			if heads := other.Heads(); len(heads) != 1 || heads[0] != d.Hash {
				t.Errorf("size %d: chunk type %d is another change to the core", size, raw[8])
			}
		}
		if _, err := shape.DecodeDay(deflated); !errors.Is(err, shape.ReasonCompressed) {
			t.Errorf("size %d: compressed change: %v", size, err)
		}
	}
}

// deflatedChunk is a compressed chunk with the checksum of plain.
func deflatedChunk(body, plain []byte) []byte {
	whole := append([]byte{1}, binary.AppendUvarint(nil, uint64(len(plain)))...)
	sum := sha256.Sum256(append(whole, plain...))
	out := append([]byte{0x85, 0x6f, 0x4a, 0x83}, sum[:4]...)
	out = append(out, 2)
	return append(binary.AppendUvarint(out, uint64(len(body))), body...)
}

func deflate(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNormaliseRefuses(t *testing.T) {
	plain := bytes.Repeat([]byte{5}, 1000)
	bomb := make([]byte, 40<<20)
	bad := deflatedChunk(deflate(t, plain), plain)
	bad[4]++
	for _, c := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"right", deflatedChunk(deflate(t, plain), plain), nil},
		{"bomb", deflatedChunk(deflate(t, bomb), bomb), shape.ReasonSize},
		{"checksum", bad, shape.ReasonChecksum},
		{"bytes after the stream", deflatedChunk(append(deflate(t, plain), 0), plain), shape.ReasonTrailing},
		{"no stream", deflatedChunk([]byte{0xff, 0xff}, plain), shape.ReasonCompressed},
		{"cut stream", deflatedChunk(deflate(t, plain)[:5], plain), shape.ReasonCompressed},
		{"document", append([]byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 0}, 1, 1), shape.ReasonChunk},
		{"plain with a wrong checksum", append([]byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1}, 1, 1), shape.ReasonChecksum},
		{"nothing", nil, shape.ReasonTruncated},
	} {
		out, err := shape.Normalise(c.raw)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if err == nil && !bytes.HasSuffix(out, plain) {
			t.Errorf("%s: other bytes", c.name)
		}
	}
}
