package visits

import (
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/store"
)

// A departure that was not saved is not told to the next who asks either.
func TestNobodyHasLeftByADepartureThatIsNotSaved(t *testing.T) {
	d := newHouse(t).door("East")
	got := d.in(Arrival{Name: "Astrid Ek"})
	d.disk.mu.Lock()
	d.disk.lose = store.ErrBroken
	d.disk.mu.Unlock()
	for range 2 {
		x, err := d.CheckOut(context.Background(), got.Badge.String(), "kiosk")
		problem(t, err, "store.broken")
		if x.Already {
			t.Fatal("a departure that was not saved is told as done")
		}
	}
}
