package node

import (
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/points"
)

// TestPointsOnTwoDesks: edits of different fields merge, an entrance edits
// nothing, and what a revoked desk set up beyond what its revocation lets count
// is gone, and can be set up anew under the same name with the same words.
func TestPointsOnTwoDesks(t *testing.T) {
	one := first(t)
	two, gate := one.joined("South desk", identity.RoleDesk), one.joined("East gate", identity.RoleEntrance)
	place, holds := "by the oak", 200
	if _, err := two.Points().Put(t.Context(), "", "Car park", points.Edit{Position: &place}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the point is known everywhere", func() bool { return one.Points().Known("Car park") && gate.Points().Known("Car park") })
	if _, err := one.Points().Put(t.Context(), "", "Car park", points.Edit{Capacity: &holds}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both edits stand", func() bool {
		p := two.Points().List()[0]
		return p.Position == place && p.Capacity == holds
	})
	if _, err := gate.Points().Put(t.Context(), "", "Car park", points.Edit{Capacity: &holds}); !errors.Is(err, points.ErrNotHere) {
		t.Error("an entrance edits the campus's settings:", err)
	}
	if _, err := one.roster.Revoke(one.key, two.key.ID(), identity.Ending{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what the revoked desk set up is gone", func() bool { return !one.Points().Known("Car park") })
	p, err := one.Points().Put(t.Context(), "", "Car park", points.Edit{Position: &place})
	if err != nil || p.Position != place {
		t.Fatal("it cannot be set up anew:", err, p)
	}
	eventually(t, "it is known at the gate", func() bool {
		all := gate.Points().List()
		return len(all) == 1 && all[0].Position == place
	})
}
