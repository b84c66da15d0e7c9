package plans

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"testing"
)

// FuzzMade: of whatever file, a person is told what is wrong with it, or what is kept
// is a picture that every node takes from the settings as it is, within its bounds;
// and whatever the settings hold is such a picture or none.
func FuzzMade(f *testing.F) {
	var asPNG, asJPEG bytes.Buffer
	if png.Encode(&asPNG, drawing(60, 40, 7)) != nil || jpeg.Encode(&asJPEG, drawing(50, 64, 5), nil) != nil {
		f.Fatal("no seeds")
	}
	f.Add(asPNG.Bytes())
	f.Add(asJPEG.Bytes())
	f.Add([]byte{0xff, 0xd8, 0xff, 0xc0})
	f.Fuzz(func(t *testing.T, file []byte) {
		if c, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && c.Width*c.Height > 1<<20 {
			return // takes as long as it must
		}
		if p, ok := judge(nameOf(file), file); ok && (max(p.Width, p.Height) > MaxSide || p.Type != "image/png" && p.Type != "image/jpeg") {
			t.Errorf("the settings hold %d × %d, %s", p.Width, p.Height, p.Type)
		}
		p, err := made(file)
		if err != nil {
			if problem := new(Problem); !errors.As(err, &problem) {
				t.Error(err)
			}
			return
		}
		again, ok := judge(p.ID, p.File)
		if !ok || again.Width != p.Width || again.Height != p.Height || again.Type != p.Type || len(p.File) > MaxStored || min(p.Width, p.Height) < leastSide {
			t.Errorf("%d bytes became %d × %d, %s of %d; kept: %v", len(file), p.Width, p.Height, p.Type, len(p.File), ok)
		}
	})
}
