package badge

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/node/badges"
)

// Each part that a layout leaves out is gone from the face, it alone; the name, the
// code and that somebody is to be accompanied stay in every layout.
func TestLayLeavesOutWhatIsSaid(t *testing.T) {
	full := Face{
		Shape: badges.Card, Campus: "Ekudden", Kind: "Contractor", Mark: "star", Escort: "Must be accompanied", Name: "Åsa Öberg", Company: "Bolaget", Host: "Bo Ek",
		Where: "Plan 2", Code: "7KQ2-M4XZ", At: time.Unix(1, 0), Photo: []byte("x"), PhotoAt: "/photo", Payload: "qr",
	}
	without := map[badges.Part]func(*Face){
		badges.Campus: func(f *Face) { f.NoCampus = true }, badges.Company: func(f *Face) { f.Company = "" }, badges.Host: func(f *Face) { f.Host = "" },
		badges.Where: func(f *Face) { f.Where = "" }, badges.Since: func(f *Face) { f.At = time.Time{} }, badges.Photo: func(f *Face) { f.Photo, f.PhotoAt = nil, "" },
	}
	for _, part := range badges.Parts() {
		l := badges.Standard()
		for _, p := range badges.Parts() {
			l.Shown[p] = p != part
		}
		want := full
		without[part](&want)
		if d := cmp.Diff(want, full.Lay(l, "sv")); d != "" {
			t.Errorf("%s: %s", part, d)
		}
	}
}
