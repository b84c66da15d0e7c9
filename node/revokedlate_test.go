package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
)

// Who is revoked, also by a node whose clock shows another age, is not forgotten
// for as long as keys live that it may hold: what comes in meanwhile is sealed to
// none of these.
func TestARevocationOutlivesTheKeysOfWhoIsRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTownIn(t, 26*365*24*time.Hour, "Reception", "East gate")
		defer w.close()
		desk := w.houses[0]
		w.join("Car park", identity.RoleWarden)
		time.Sleep(time.Minute)
		before, epoch := desk.now(), access.Epoch(desk.roster.Members(), record.CardAudience)
		desk.ahead.Store(int64(-25 * 365 * 24 * time.Hour))
		time.Sleep(time.Minute)
		if err := desk.Revoke("Car park"); err != nil {
			t.Fatal(err)
		}
		desk.ahead.Store(0)
		time.Sleep(time.Minute)
		m, ok := desk.roster.ByName("Car park")
		if !ok || m.Revoked == nil {
			t.Fatal("it is not revoked")
		}
		if at := m.Revoked.Time(); record.DayOf(at) < record.DayOf(before) {
			t.Errorf("the revocation is dated %v, on a day that was over", at)
		}
		for days := range access.Ahead {
			horizon := desk.now().AddDate(0, 0, days-31)
			if _, err := desk.roster.Prune(horizon); err != nil {
				t.Fatal(err)
			}
			if got := access.Epoch(desk.roster.Members(), record.CardAudience); got <= epoch {
				t.Fatalf("after %d days keys are chosen as if nobody had been revoked, and they live for %d", days, access.Ahead)
			}
		}
	})
}
