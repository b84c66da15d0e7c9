package node

import (
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/visits"
)

// TestInvitationsOnRealNodes: sealed for real, opened at a gate by the paper
// alone, used, erased everywhere.
func TestInvitationsOnRealNodes(t *testing.T) {
	desk := first(t)
	gate := desk.joined("East gate", identity.RoleEntrance)
	eventually(t, "keys are known", func() bool { return desk.CanSeal() && gate.CanSeal() })
	now := time.Now()
	made, err := desk.Invitations().Invite(t.Context(), "", invitations.Request{
		Name: "Astrid Marker", Host: "Sven", From: now, To: now.Add(time.Hour), Type: "contractor",
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gate has heard of it", func() bool {
		got, err := gate.Invitations().Open(made.QR, "")
		return err == nil && got.Known && got.Invite.Name == "Astrid Marker"
	})
	if all := gate.Invitations().List(); len(all) != 1 || all[0].Invite != nil {
		t.Error("a gate reads who is expected without the paper")
	}
	got, err := gate.Invitations().Open(made.Code, "astrid")
	if err != nil || got.Type != "contractor" {
		t.Fatal(err)
	}
	in, err := gate.Visits().CheckIn(t.Context(), visits.Arrival{Name: got.Invite.Name, Type: got.Type, Invitation: got.ID, How: "kiosk"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gate.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker", Invitation: got.ID, How: "kiosk"}); invitations.IsProblem(err) == nil {
		t.Error("it admits a second time:", err)
	}
	eventually(t, "the desk knows who came", func() bool {
		i, err := desk.Invitations().Get(made.ID)
		return err == nil && i.State == invitations.Here && i.Uses[0].Visit == in.Visit
	})
	// What the gate shows is not on its disk: a paper that is a little other
	// opens nothing.
	q, err := record.ParseQR(made.QR)
	if err != nil {
		t.Fatal(err)
	}
	q.Secret[0]++
	forged, err := desk.signQR(q)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := gate.Visits().CheckOut(t.Context(), made.QR, "kiosk"); err != nil || out.Visit != in.Visit {
		t.Error("the paper does not lead out:", err)
	}
	if got, err := gate.Invitations().Open(forged, ""); err != nil || got.Invite.Name != "" {
		t.Error("another secret opens the name:", err)
	}
	if _, err := desk.Erase(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is erased at the gate", func() bool {
		got, err := gate.Invitations().Open(made.QR, "")
		return err == nil && got.Invite.Name == ""
	})
	// Erased is not gone: it may still be called off.
	if err := desk.Invitations().CallOff(t.Context(), "", made.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is called off at the gate", func() bool {
		var p *invitations.Problem
		_, err := gate.Invitations().Open(made.QR, "")
		return errors.As(err, &p) && p.Key == "invitations.off"
	})
}

// TestInvitationsOutliveAStart: an invitation is there after the node was put
// off and on.
func TestInvitationsOutliveAStart(t *testing.T) {
	dir := t.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	made, err := n.Invitations().Invite(t.Context(), "", invitations.Request{Name: "Astrid Marker", From: now, To: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err = Open(Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if all := n.replica.Invitations(); len(all) != 1 || all[0].ID != made.ID || len(n.replica.Open()) != 0 {
		t.Errorf("%+v", all)
	}
}
