package record

import (
	"math/rand/v2"
	"testing"
)

// A photograph's id says whose visit it is of and who drew that, and is no visit's
// and nothing kept.
func TestPhotoID(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	drawn := func() (v VisitID) {
		for i := range v {
			v[i] = byte(rng.Uint32())
		}
		return v
	}
	gate, other := NodeID{1}, NodeID{2}
	seen := map[VisitID]bool{}
	for range 2000 {
		v := drawn()
		v.Own(gate)
		id := PhotoID(v)
		switch {
		case !id.IsPhoto(), id.IsKept(), v.IsPhoto(), id.Badge() != 0, id == PhotoID(drawn()), seen[id]:
			t.Fatalf("the id %x of the photograph of %x", id, v)
		case !id.OwnedBy(gate), id.OwnedBy(other):
			t.Fatal("it is not owned by who drew the visit, or by somebody else")
		case KeptID(v, "photo").IsPhoto():
			t.Fatal("what is kept is taken for a photograph")
		}
		seen[id] = true
	}
}
