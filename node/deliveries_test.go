package node

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/hosts"
	"github.com/upprop/upprop/node/notify"
)

// TestDeliveriesOnRealNodes: sealed for real, so that another desk reads it and a
// gate does not; told by mail once; ended at the other desk, and erased everywhere
// with who took it.
func TestDeliveriesOnRealNodes(t *testing.T) {
	desk := first(t)
	gate := desk.joined("East gate", identity.RoleEntrance)
	other := desk.joined("South desk", identity.RoleDesk)
	eventually(t, "keys are known", func() bool { return desk.CanSeal() && other.CanSeal() })
	if err := desk.Notices().Change(func(s *notify.Settings) error {
		s.SMTP = &notify.SMTP{Host: "127.0.0.1", Port: 1, From: "upprop@example.org", TLS: "none"} // nobody is there
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Hosts().Put(t.Context(), "", hosts.Host{Name: "Sven Marker", Mail: "sven@example.org"}); err != nil {
		t.Fatal(err)
	}
	taken, err := desk.Deliveries().Take(t.Context(), "", deliveries.Request{For: "Sven Marker", From: "PostNord", Kept: "Shelf 3"})
	if err != nil || !taken.Mailed {
		t.Fatal(taken.Mailed, err)
	}
	if !taken.ID.OwnedBy(record.NodeID(desk.key.ID())) || desk.Notices().Mailed(taken.ID) == "" {
		t.Error("who took it in does not tell of it")
	}
	eventually(t, "the other desk reads it", func() bool {
		x, err := other.Deliveries().Get(taken.ID)
		return err == nil && x.Parcel != nil && x.Parcel.Kept == "Shelf 3"
	})
	eventually(t, "the gate has heard of it", func() bool {
		_, err := gate.Deliveries().Get(taken.ID)
		return err == nil
	})
	if x, err := gate.Deliveries().Get(taken.ID); err != nil || x.Parcel != nil {
		t.Error("a gate reads whom it is for", err)
	}
	if err := other.Deliveries().End(t.Context(), "", taken.ID, deliveries.PickedUp, "Bo Marker"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the desk knows who took it", func() bool {
		x, err := desk.Deliveries().Get(taken.ID)
		return err == nil && x.State == deliveries.PickedUp && x.Ends[0].To == "Bo Marker"
	})
	x, err := desk.Deliveries().Get(taken.ID)
	if err != nil {
		t.Fatal(err)
	}
	slip := x.Ends[0].ID
	if _, err := desk.Erase(t.Context(), taken.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is erased at the other desk, with who took it", func() bool {
		x, err := other.Deliveries().Get(taken.ID)
		return err == nil && x.Parcel == nil && x.Ends[0].To == "" && other.replica.Shredded(taken.ID) && other.replica.Shredded(slip)
	})
	eventually(t, "the mail that waited is gone", func() bool { return desk.Notices().Mailed(taken.ID) == "" })
	if len(desk.replica.Open()) != 0 {
		t.Error("somebody is on a list by it")
	}
}
