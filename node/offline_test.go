package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// A handheld that is started with all networks off shows names with its list; one
// that has a network and hears nobody waits, and so does one whose members are on
// the same device.
func TestNamesWithAllNetworksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception")
		defer w.close()
		h := w.join("Warden 1", identity.RoleWarden)
		time.Sleep(time.Minute)
		desk := w.houses[0]
		desk.shut()
		starts := func(offline bool) {
			h.shut()
			h.offline = offline
			h.on()
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		starts(true)
		if ok, unknown := h.Names(); !ok || unknown.IsZero() {
			t.Error("no names with all networks off:", ok, unknown)
		}
		starts(false)
		if ok, _ := h.Names(); ok {
			t.Error("names before anybody can have answered")
		}
		time.Sleep(2 * time.Second)
		if ok, unknown := h.Names(); !ok || unknown.IsZero() {
			t.Error("nobody came:", ok, unknown)
		}
		all, err := bookKeeper{h.store}.Load()
		if err != nil || len(all) == 0 {
			t.Fatal(all, err)
		}
		if err := (bookKeeper{h.store}).Save(all[0].Node, []string{"127.0.0.1:7460"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		starts(true)
		if ok, _ := h.Names(); ok {
			t.Error("a member on the same device is not waited for")
		}
	})
}
