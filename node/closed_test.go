package node

import (
	"testing"
	"testing/synctest"
	"time"
)

// An alarm that runs while a whole campus is closed for longer than days are
// kept runs on when it opens: nobody has dropped anything, so it is over for
// nobody.
func TestAnAlarmRunsOnAfterAClosure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		if _, err := w.houses[0].Alarm().Start(t.Context(), false, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + retentionTick) // heard, and noted who was
		for _, h := range w.houses {
			h.shut()
		}
		time.Sleep(42 * 24 * time.Hour)
		for _, h := range w.houses {
			h.on()
		}
		time.Sleep(4 * retentionTick)
		for _, h := range w.houses {
			if _, on := h.Alarm().Running(""); !on {
				t.Errorf("%s has ended the alarm", h.name)
			}
			if h.oldest() < h.replica.Horizon() {
				t.Errorf("%s has not dropped its old days", h.name)
			}
		}
	})
}
