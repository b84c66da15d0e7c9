package nodetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh"
)

// TestAHousePutBackIsNotSureOfItself: an entrance takes people in, tells of them,
// and is put back to before that, far from all others. From when it is told of
// them until it has them again its own list calls it complete as of no later than
// the copy.
func TestAHousePutBackIsNotSureOfItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 3)
		h := c.Houses[1]
		time.Sleep(time.Minute) // beats are kept
		if err := h.backUp(h.dir+".copy", 1, c.changes); err != nil {
			t.Fatal(err)
		}
		copied := h.Clock.Now()
		time.Sleep(time.Minute)
		v, err := c.arrive(h)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(heardIn)
		if err := c.toCopy(h, 1, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * apart)
		c.distance(h, apart)
		if err := c.startAgain(h); err != nil {
			t.Fatal(err)
		}
		own := func() (n mesh.NodeNews) {
			for _, n = range h.Node().Mesh().Freshness() {
				if n.State == mesh.Self {
					return n
				}
			}
			return n
		}
		lacked := false
		for range int(time.Minute / glimpse) {
			n, has := own(), knows(h, v, &v.arrived)
			switch late := n.AsOf.After(copied); {
			case !late && n.AsOf.IsZero():
				t.Fatal("it does not know as of when it is complete")
			case !late:
				lacked = true
			case !has && lacked:
				t.Fatalf("it lacks who came in, knows it, and says %+v", n)
			}
			time.Sleep(glimpse)
		}
		if n := own(); !lacked || !n.Covered || n.AsOf.Before(h.Clock.Now().Add(-time.Second)) || !n.Regressed.To.IsZero() {
			t.Fatalf("lacked: %v; in the end: %+v", lacked, n)
		}
	})
}
