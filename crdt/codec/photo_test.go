package codec_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

func aPhoto() record.Photo {
	return record.Photo{
		Visit: record.VisitID{1, 2, 3, 15: 9}, Picture: record.Picture("\xff\xd8 a face \xff\xd9"),
		Taken: time.UnixMilli(1_795_000_000_123).UTC(), How: "kiosk", Type: "contractor",
	}
}

// A photograph reads back as it was, and what reads back is written as it was
// read; nothing else reads as one, and it prints nowhere.
func FuzzPhoto(f *testing.F) {
	f.Add(codec.EncodePhoto(aPhoto()))
	f.Add(codec.EncodeCard(record.Card{Name: "Astrid Ek"}))
	f.Add(codec.EncodeKept(record.Kept{Name: "Astrid Ek"}))
	f.Add([]byte{0xa1, 0x18, 0x80, 0x41, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := codec.DecodePhoto(b)
		if err != nil {
			return
		}
		again, err := codec.DecodePhoto(codec.EncodePhoto(p))
		if err != nil || !bytes.Equal(again.Picture, p.Picture) || again.Visit != p.Visit || !again.Taken.Equal(p.Taken) || again.How != p.How || again.Type != p.Type || again.Rest != p.Rest {
			t.Errorf("%d bytes do not read back as they were: %v", len(b), err)
		}
	})
}

func TestPhotoIsNoOtherPart(t *testing.T) {
	b := codec.EncodePhoto(aPhoto())
	if got, err := codec.DecodePhoto(b); err != nil || string(got.Picture) != string(aPhoto().Picture) || got.Visit != aPhoto().Visit || !got.Taken.Equal(aPhoto().Taken) {
		t.Errorf("it does not read back: %v", err)
	}
	for name, other := range map[string][]byte{"card": codec.EncodeCard(record.Card{Name: "x"}), "kept": codec.EncodeKept(record.Kept{Name: "x"}), "nothing": nil} {
		if _, err := codec.DecodePhoto(other); err == nil {
			t.Errorf("a %s reads as a photograph", name)
		}
	}
	if _, err := codec.DecodeKept(b); err == nil {
		t.Error("a photograph reads as something kept")
	}
	if s := fmt.Sprintf("%v %s %x %+v", aPhoto(), aPhoto().Picture, aPhoto().Picture, aPhoto()); strings.Contains(s, "face") || strings.Contains(s, "66616365") {
		t.Errorf("it prints: %s", s)
	}
}
