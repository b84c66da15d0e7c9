package node

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/memnet"
)

// A node whose database was put back to before an erasure that it has confirmed
// is handed the key by nobody who has not heard of it, while somebody is there
// who has; what it lost beside that it is given again.
func TestADatabasePutBackIsGivenNoErasedKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		desk, east, west := w.houses[0], w.houses[1], w.houses[2]
		deskID, eastID, westID := desk.key.ID(), east.key.ID(), west.key.ID()
		goes, stays := west.arrive("Goes"), west.arrive("Stays")
		time.Sleep(time.Minute)
		readable := func(v record.VisitID) error {
			_, err := east.replica.Sealed(record.PartKey{Visit: v, Audience: record.CardAudience})
			return err
		}
		if err := errors.Join(readable(goes), readable(stays)); err != nil {
			t.Fatal("the keys have not come:", err)
		}
		before := east.fs.Crash(1)
		w.net.Cut(memnet.Closing, deskID, westID)
		w.net.Cut(memnet.Closing, eastID, westID)
		if _, err := desk.Erase(t.Context(), goes); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		given, err := desk.replica.Receipts(goes)
		if _, ok := given[record.NodeID(eastID)]; !ok || err != nil {
			t.Fatal("the erasure is not confirmed:", err)
		}
		east.shut()
		east.fs = before
		w.net.Heal()
		w.net.Cut(memnet.Closing, deskID, westID)
		// Who has not heard of the erasure is nearer than who has.
		w.net.Delay(deskID, eastID, 500*time.Millisecond, 0)
		east.on()
		for range 5 * 60 * 10 {
			if readable(goes) == nil {
				t.Fatal("what it has confirmed to be erased can be read again")
			}
			time.Sleep(100 * time.Millisecond)
		}
		if err := readable(goes); !errors.Is(err, crdt.ErrErased) {
			t.Error("it has not heard of the erasure again:", err)
		}
		if err := readable(stays); err != nil {
			t.Error("what it lost beside that is not given again:", err)
		}
	})
}
