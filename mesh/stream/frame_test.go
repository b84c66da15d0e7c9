package stream_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/mesh/stream"
)

func TestFramesComeOutAsTheyWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "frames")
		var wire bytes.Buffer
		for _, f := range frames {
			if err := stream.WriteFrame(&wire, f); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range frames {
			got, err := stream.ReadFrame(&wire, 300)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got %d bytes, %v; want %d", len(got), err, len(want))
			}
		}
		if _, err := stream.ReadFrame(&wire, 300); err != io.EOF {
			t.Fatalf("after the last frame: %v, want io.EOF", err)
		}
	})
}

func TestReadFrameRefusesBeforeItAllocates(t *testing.T) {
	wire := []byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3}
	allocs := testing.AllocsPerRun(10, func() {
		if _, err := stream.ReadFrame(bytes.NewReader(wire), 1<<20); !errors.Is(err, stream.ErrFrameTooLarge) {
			t.Fatalf("got %v, want ErrFrameTooLarge", err)
		}
	})
	if allocs > 10 {
		t.Errorf("%v allocations for a refused frame", allocs)
	}
}

func TestReadFrameLargerThanAChunk(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 100_000)
	var wire bytes.Buffer
	if err := stream.WriteFrame(&wire, want); err != nil {
		t.Fatal(err)
	}
	got, err := stream.ReadFrame(&wire, len(want))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
}

func TestReadFrameCutShort(t *testing.T) {
	for _, wire := range [][]byte{{0}, {0, 0, 0}, {0, 0, 0, 2}, {0, 0, 0, 2, 7}} {
		if _, err := stream.ReadFrame(bytes.NewReader(wire), 10); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: got %v, want io.ErrUnexpectedEOF", wire, err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{}, 10)
	f.Add([]byte{0, 0, 0, 0}, 0)
	f.Add([]byte{0, 0, 0, 2, 1, 2}, 2)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1}, 1<<30)
	f.Fuzz(func(t *testing.T, wire []byte, limit int) {
		got, err := stream.ReadFrame(bytes.NewReader(wire), limit)
		if err != nil {
			return
		}
		if len(got) > limit {
			t.Fatalf("frame of %d bytes with a limit of %d", len(got), limit)
		}
		if !bytes.Equal(got, wire[4:4+len(got)]) {
			t.Fatal("body differs from the wire")
		}
	})
}
