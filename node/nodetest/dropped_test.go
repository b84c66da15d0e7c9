package nodetest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A handheld that drops the day of an erasure before any desk has written it
// anew holds the visit for shredded all the same, and is not blamed for
// calling the desk complete.
func TestAnErasureStandsWhenItsDayIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 4)
		desk, handheld := c.Houses[0], c.Houses[3]
		v, err := c.arrive(desk)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * repairEvery)
		if _, err := c.eraseAt(desk, v); err != nil || len(v.orders) != 1 {
			t.Fatalf("%d erasures: %v", len(v.orders), err)
		}
		f := v.orders[0]
		if standsDropped(handheld, v, f) {
			t.Error("an erasure that was not heard of yet stands")
		}
		time.Sleep(2 * repairEvery)
		r := handheld.Node().Replica()
		if standsDropped(handheld, v, f) || !knows(handheld, v, f) {
			t.Error("an erasure of a day that is kept is not known as such")
		}
		if err := r.DropBefore(context.Background(), f.filed+1); err != nil {
			t.Fatal(err)
		}
		if knows(handheld, v, f) || !standsDropped(handheld, v, f) {
			t.Errorf("the day was dropped; known: %v, shredded: %v", knows(handheld, v, f), r.Shredded(v.id))
		}
		if err := c.checkFreshness(handheld); err != nil {
			t.Error(err)
		}
	})
}
