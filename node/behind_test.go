package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/memnet"
)

// An entrance that starts alone with a clock behind what it knows takes people
// in all the same, however far behind, and their names are read when it is back
// among others.
func TestAnEntranceBehindItsTime(t *testing.T) {
	if testing.Short() {
		t.Skip("weeks of a campus's life: in the long run only")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		for range 35 {
			w.steady()
			w.sleep(1)
		}
		here, there := desk.key.ID(), east.key.ID()
		east.shut()
		w.net.Cut(memnet.Closing, here, there)
		for _, days := range []int{1, 28, 29, 30, 31, 32, 45, 400} {
			east.ahead.Store(int64(-time.Duration(days) * 24 * time.Hour))
			east.on()
			v := east.arrive("Astrid Marker")
			east.shut()
			east.ahead.Store(0)
			w.net.Heal()
			east.on()
			time.Sleep(2 * time.Minute)
			if c, err := desk.Visits().Card(v); err != nil || c.Name != "Astrid Marker" {
				t.Errorf("%d days behind: %v", days, err)
			}
			east.leave(v)
			time.Sleep(time.Minute)
			east.shut()
			w.net.Cut(memnet.Closing, here, there)
		}
		w.net.Heal()
		east.on()
	})
}
