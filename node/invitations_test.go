package node

import (
	"encoding/base64"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/kinds"
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
	// With the only visit that began by it goes what it says.
	if _, err := desk.Erase(t.Context(), in.Visit); err != nil {
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

// TestWithAVisitGoesItsInvitation: but not while it is of another visit, or of a time
// that comes.
func TestWithAVisitGoesItsInvitation(t *testing.T) {
	now := time.Now()
	a, b, id := record.VisitID{1}, record.VisitID{2}, record.VisitID{3}
	past, coming := record.Occasion{Span: record.Span{From: now.Unix() - 60}}, record.Occasion{Span: record.Span{From: now.Unix() + 60}}
	off := coming
	off.Off = record.Fact{ID: record.EventID{Seq: 1}}
	for what, c := range map[string]struct {
		i    record.Invitation
		goes bool
	}{
		"of this visit alone":       {record.Invitation{Uses: []record.Use{{Visit: a}}}, true},
		"of another too":            {record.Invitation{Uses: []record.Use{{Visit: a}, {Visit: b}}}, false},
		"of another alone":          {record.Invitation{Uses: []record.Use{{Visit: b}}}, false},
		"nobody has come":           {record.Invitation{}, false},
		"of more than are known":    {record.Invitation{Uses: slices.Repeat([]record.Use{{Visit: a}}, record.MaxUses)}, false},
		"repeats, and is over":      {record.Invitation{Uses: []record.Use{{Visit: a}}, Times: []record.Occasion{past}}, true},
		"repeats, and a time comes": {record.Invitation{Uses: []record.Use{{Visit: a}}, Times: []record.Occasion{past, coming}}, false},
		"what comes is called off":  {record.Invitation{Uses: []record.Use{{Visit: a}}, Times: []record.Occasion{past, off}}, true},
	} {
		c.i.ID = id
		got := withInvitations([]record.VisitID{a}, []record.Invitation{c.i}, func(record.VisitID) bool { return false }, now)
		if goes := slices.Contains(got, id); goes != c.goes || got[0] != a {
			t.Errorf("%s: goes %v, want %v", what, goes, c.goes)
		}
	}
	both := []record.Invitation{{ID: id, Uses: []record.Use{{Visit: a}, {Visit: b}}}}
	if got := withInvitations([]record.VisitID{a}, both, func(v record.VisitID) bool { return v == b }, now); len(got) != 2 {
		t.Error("the other visit has been erased, and its invitation stays:", got)
	}
	mine := []record.Invitation{{ID: id, Uses: []record.Use{{Visit: a}}}}
	if got := withInvitations([]record.VisitID{a, id}, mine, func(record.VisitID) bool { return false }, now); len(got) != 2 {
		t.Error("named twice:", got)
	}
	if got := withInvitations([]record.VisitID{a}, mine, func(v record.VisitID) bool { return v == id }, now); len(got) != 1 {
		t.Error("erased again:", got)
	}
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

// TestAnInvitationsLinkOnRealNodes: a desk signs it, a gate knows the signature
// and takes the answer, and neither an evacuation's link nor a gate's counts. A
// paper goes on opening what is sealed anew under its secret.
func TestAnInvitationsLinkOnRealNodes(t *testing.T) {
	desk := first(t)
	gate := desk.joined("East gate", identity.RoleEntrance)
	eventually(t, "keys are known", func() bool { return desk.CanSeal() && gate.CanSeal() })
	now := time.Now()
	made, err := desk.Invitations().Invite(t.Context(), "", invitations.Request{Name: "Astrid Marker", From: now, To: now.Add(30 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	of := record.Link{Visit: made.ID, Start: record.EvacID(made.ID), Until: now.Add(30 * time.Hour)}
	token, err := desk.signInviteLink(of)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gate knows it", func() bool {
		_, err := gate.Invitations().Asked(token)
		return err == nil
	})
	for what, sign := range map[string]func(record.Link) (string, error){"of an evacuation": desk.signLink, "of a gate": gate.signInviteLink} {
		other, err := sign(of)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Invitations().Answer(t.Context(), other, ""); !errors.Is(err, record.ErrLink) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := desk.Link(token); !errors.Is(err, record.ErrLink) {
		t.Error("an invitation's link makes somebody safe")
	}
	if err := gate.Invitations().Answer(t.Context(), token, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the desk has heard", func() bool {
		i, err := desk.Invitations().Get(made.ID)
		return err == nil && len(i.Answers) == 1 && i.Answers[0].At == 0
	})
	q, err := record.ParseQR(made.QR)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := desk.vault.SealBearerAnew(made.ID, 2, desk.KeptFrom()+30, []byte("anew"), q.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.replica.Commit(t.Context(), crdt.Draft{Sealed: sealed}); err != nil {
		t.Fatal(err)
	}
	part, err := desk.replica.Sealed(record.PartKey{Visit: made.ID, Audience: record.BearerAudience})
	if err != nil || part.Version != 2 {
		t.Fatal(part.Version, err)
	}
	if plain, err := desk.vault.OpenBearer(made.ID, part, q.Secret); err != nil || string(plain) != "anew" {
		t.Error(err)
	}
}

// TestAHostsLinkOnRealNodes: what is filled in at a gate stands before what a desk
// sealed earlier, and is read there; a host approves at a gate by a link that a desk
// signed for that alone, and the act is on record as the host's.
func TestAHostsLinkOnRealNodes(t *testing.T) {
	desk := first(t)
	gate := desk.joined("East gate", identity.RoleEntrance)
	eventually(t, "keys are known", func() bool { return desk.CanSeal() && gate.CanSeal() })
	one := kinds.ByOne
	if _, err := desk.Kinds().Put(t.Context(), "", "contractor", kinds.Edit{Approval: &one}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	made, err := desk.Invitations().Invite(t.Context(), "", invitations.Request{Name: "Astrid Marker", Type: "contractor", From: now, To: now.Add(30 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	of := record.Link{Visit: made.ID, Start: record.EvacID(made.ID), Until: now.Add(time.Hour)}
	token, err := desk.signApproval(of)
	if err != nil {
		t.Fatal(err)
	}
	for what, sign := range map[string]func(record.Link) (string, error){"of who is invited": desk.signInviteLink, "of a gate": gate.signApproval} {
		other, err := sign(of)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Invitations().DecideByLink(t.Context(), other, true, ""); !errors.Is(err, record.ErrLink) {
			t.Errorf("%s: %v", what, err)
		}
	}
	eventually(t, "the gate knows it", func() bool {
		_, err := gate.Invitations().Ask(token)
		return err == nil
	})
	if err := gate.Invitations().DecideByLink(t.Context(), token, true, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the act is on record at the desk", func() bool {
		lines, err := desk.AuditLines()
		return err == nil && slices.ContainsFunc(lines, func(l audit.Line) bool { return l.What == "invitation.approve" && l.By == record.ByHost })
	})
	eventually(t, "the desk has heard", func() bool {
		i, err := desk.Invitations().Get(made.ID)
		return err == nil && i.State == invitations.Expected
	})

	q, err := record.ParseQR(made.QR)
	if err != nil {
		t.Fatal(err)
	}
	link, err := desk.signInviteLink(record.Link{Visit: made.ID, Start: record.EvacID(made.ID), Until: now.Add(30 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	link += "." + base64.RawURLEncoding.EncodeToString(q.Secret[:])
	if err := desk.Invitations().Fill(t.Context(), link, record.Before{Company: "first"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gate opens it for who shows the QR", func() bool {
		got, err := gate.Invitations().Open(made.QR, "")
		return err == nil && got.Before != nil && got.Before.Company == "first"
	})
	if err := gate.Invitations().Fill(t.Context(), link, record.Before{Company: "second"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the desk reads what was filled in at the gate", func() bool {
		i, err := desk.Invitations().Get(made.ID)
		return err == nil && i.Before != nil && i.Before.Company == "second"
	})
	if _, err := desk.Erase(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was filled in is erased at the gate", func() bool {
		_, err := gate.replica.Sealed(record.PartKey{Visit: made.ID, Audience: record.BeforeAudience})
		return errors.Is(err, crdt.ErrErased)
	})
	if err := gate.Invitations().Fill(t.Context(), link, record.Before{Company: "third"}); invitations.IsProblem(err) == nil {
		t.Error("it can be filled in again:", err)
	}
}
