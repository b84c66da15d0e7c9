package node

import (
	"context"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// Erased at one desk, gone at all, and each says so; keys of dates reach those
// whose role may hold them, and the key without a date is left behind.
func TestErasedOnEveryNode(t *testing.T) {
	reception := first(t)
	desk, warden, gate := reception.joined("Desk 2", identity.RoleDesk), reception.joined("Alfa", identity.RoleWarden), reception.joined("East gate", identity.RoleEntrance)
	all := []*running{reception, desk, warden, gate}
	if err := warden.PIN().Set([]byte(pinOf)); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for who, r := range map[string]*running{"a desk": desk, "a warden": warden} {
		eventually(t, "the keys of coming dates are at "+who, func() bool {
			audiences := access.Audiences(r.Self().Role)
			return len(access.Due(r.vault.known(), audiences, r.expiry.Today())) >= len(audiences)*access.Ahead && len(r.vault.Lacking(audiences)) == 0
		})
	}
	if n := len(gate.vault.ring.Public()); n != 0 {
		t.Errorf("an entrance holds %d private keys", n)
	}
	eventually(t, "the entrance can seal", func() bool { return len(gate.vault.known()) >= 2*access.Ahead })
	got, err := gate.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Marker", Email: "a@marker.test"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the name is at the second desk", func() bool {
		c, err := desk.Visits().Card(got.Visit)
		return err == nil && c.Name == "Astrid Marker"
	})
	right := record.Private("Astrid Markör")
	if err := desk.Rectify(ctx, got.Visit, privacy.Correction{Name: &right}, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the right name is at the reception", func() bool {
		c, err := reception.Visits().Card(got.Visit)
		return err == nil && c.Name == right
	})
	began := time.Now()
	e, err := reception.Erase(ctx, got.Visit)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "all have confirmed", func() bool {
		s, err := desk.ErasureStatus(e.ID)
		return err == nil && s.Complete && len(s.Receipts) == len(all)
	})
	t.Logf("all confirmed after %v", time.Since(began))
	for _, r := range all {
		if _, err := r.Visits().Card(got.Visit); err == nil {
			t.Errorf("%s shows the card", r.Self().Name)
		}
		eventually(t, r.Self().Name+" lists the visit", func() bool {
			p, err := r.Replica().Presence(got.Visit)
			return err == nil && p.Open()
		})
		if report, err := r.VerifyAudit(); err != nil || !report.OK {
			t.Errorf("%s: %+v %v", r.Self().Name, report, err)
		}
		eventually(t, "the gate opens at "+r.Self().Name, func() bool {
			ok, unknown := r.Names()
			return ok && unknown.IsZero()
		})
	}
}
