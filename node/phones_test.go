package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/pairing"
)

// A phone paired at one node is known at all, and sent away from all.
func TestAPhoneIsKnownAtEveryNode(t *testing.T) {
	desk := first(t)
	gate := desk.joined("East gate", identity.RoleEntrance)
	warden := desk.joined("Alfa", identity.RoleWarden)
	ctx := context.Background()
	k, err := warden.Phones().Pair(ctx, "Phone 3", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	other, err := gate.Phones().Pair(ctx, "Phone 4", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*running{desk, gate, warden} {
		eventually(t, "it is known", func() bool { p, err := n.Phones().Check(k.Text()); return err == nil && p.Label == "Phone 3" })
	}
	eventually(t, "the desk lists both", func() bool { rows, err := desk.Phones().List(); return err == nil && len(rows) == 2 })

	// An entrance may send away only what it has paired itself.
	var p *pairing.Problem
	if err := gate.Phones().Revoke(ctx, k.ID); !errors.As(err, &p) {
		t.Fatalf("not said that it has no effect: %v", err)
	}
	if err := gate.Phones().Revoke(ctx, other.ID); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*running{desk, gate, warden} {
		eventually(t, "its own is gone", func() bool { _, err := n.Phones().Check(other.Text()); return pairing.IsOver(err) })
		if _, err := n.Phones().Check(k.Text()); err != nil {
			t.Errorf("an entrance sent another's phone away: %v", err)
		}
	}
	if err := desk.Phones().Revoke(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*running{desk, gate, warden} {
		eventually(t, "it is gone", func() bool { _, err := n.Phones().Check(k.Text()); return pairing.IsOver(err) })
	}
	// Nor does a revoked desk's word count, on its own machine or anywhere.
	second := desk.joined("Second desk", identity.RoleDesk)
	last, err := desk.Phones().Pair(ctx, "Phone 5", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second desk knows it", func() bool { rows, err := second.Phones().List(); return err == nil && len(rows) == 3 })
	if err := desk.Revoke("Second desk"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it knows that it is revoked", func() bool { return second.Self().Revoked != nil })
	if err := second.Phones().Revoke(ctx, last.ID); !errors.As(err, &p) {
		t.Errorf("a revoked desk sent a phone away: %v", err)
	}
	if report, err := desk.VerifyAudit(); err != nil || !report.OK {
		t.Errorf("%+v %v", report, err)
	}
}
