package record

import "testing"

func TestWhoDrewAVisit(t *testing.T) {
	a, b := NodeID{1}, NodeID{2}
	v := VisitID{1, 2, 3, 4, 5, 6, 7, 8, 9}
	if v.OwnedBy(a) {
		t.Error("an id of an earlier release is owned")
	}
	badge := v.Badge()
	v.Own(a)
	if !v.OwnedBy(a) || v.OwnedBy(b) || v.Badge() != badge {
		t.Error("not its node's, or with another badge")
	}
	for i := range v {
		w := v
		w[i] ^= 1
		if w.OwnedBy(a) {
			t.Errorf("byte %d is not bound", i)
		}
	}
}
