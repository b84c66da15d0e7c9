package invitations

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

func needing(needs record.Needs, spots ...*spot) {
	for _, s := range spots {
		s.cfg.Needs = func(kind string) record.Needs {
			return map[string]record.Needs{"contractor": needs}[kind]
		}
	}
}

func TestApproval(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	needing(record.AnotherWord, desk, gate)
	made := desk.invite(nil)
	if !made.Waits || made.Mailed || len(desk.mails) != 0 {
		t.Error("it is mailed before it is good")
	}
	sheettest.Heal(t, desk.Desk, gate.Desk)
	for what, try := range map[string]func() error{
		"QR":   func() error { _, err := gate.Open(made.QR, ""); return err },
		"code": func() error { _, err := gate.Open(made.Code, "Öberg"); return err },
		"desk": func() error { return desk.Admits(made.ID) },
		"mail": func() error { _, err := desk.Send("op", made.ID); return err },
	} {
		wants(t, what, try(), "invitations.waiting")
	}
	wants(t, "who invited", desk.Decide(t.Context(), "op", made.ID, true), "invitations.another")
	wants(t, "at a gate", gate.Decide(t.Context(), "guard", made.ID, true), "invitations.not_desk")
	wants(t, "nobody", desk.Decide(t.Context(), "guard", record.VisitID{1, 2, 3}, true), "invitations.unknown")
	if i, _ := desk.Get(made.ID); i.State != Waiting {
		t.Error(i.State)
	}
	if err := desk.Decide(t.Context(), "guard", made.ID, true); err != nil {
		t.Fatal(err)
	}
	if len(desk.mails) != 1 || !strings.Contains(strings.Join(desk.acts, ","), "guard invitation.approve") {
		t.Errorf("%d mails, %s", len(desk.mails), desk.acts)
	}
	sheettest.Heal(t, desk.Desk, gate.Desk)
	_, err := gate.Open(made.QR, "")
	wants(t, "approved", err, "")
	if gate.Needs("contractor", made.ID) != "" || gate.Needs("contractor", record.VisitID{}) == "" || gate.Needs("contractor", record.VisitID{9}) == "" {
		t.Error("who was approved needs it again, or who was not does not")
	}
	wants(t, "no need", desk.Decide(t.Context(), "guard", desk.invite(func(r *Request) { r.Type = "visitor" }).ID, true), "invitations.no_need")
}

// Approved at one desk and refused at another: the refusal counts, and both can
// be read, whichever came first.
func TestApprovedAndRefusedApart(t *testing.T) {
	h := newHouse(t)
	desk, other := h.spot("Reception", true), h.spot("South desk", true)
	needing(record.OneWord, desk, other)
	made := desk.invite(nil)
	sheettest.Heal(t, desk.Desk, other.Desk)
	if err := desk.Decide(t.Context(), "op", made.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := other.Decide(t.Context(), "guard", made.ID, false); err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, desk.Desk, other.Desk)
	for _, s := range []*spot{desk, other} {
		i, _ := s.Get(made.ID)
		if i.State != Refused || len(i.Approved) != 1 || len(i.Refused) != 1 || i.Refused[0].By != "guard" {
			t.Errorf("%s %+v", i.State, i.Approval)
		}
		_, err := s.Open(made.QR, "")
		wants(t, "refused", err, "invitations.refused")
		wants(t, "approving what is refused", s.Decide(t.Context(), "third", made.ID, true), "invitations.refused")
	}
}

// Who came without an invitation that was approved is inside, on every list, and
// waits.
func TestWhoIsHereWaits(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("Reception", true)
	v := record.VisitID{'v', 0xff, 0xff, 0xff, 0xff, 1}
	if _, err := desk.Commit(t.Context(), crdt.Draft{Event: &record.Event{Kind: record.Arrived, Visit: v, Type: "contractor", Needs: record.OneWord, How: "kiosk"}}); err != nil {
		t.Fatal(err)
	}
	p := func() record.Presence { p, _ := desk.Replica.Presence(v); return p }
	if got := p(); !got.Waits() || got.State != record.Present || len(desk.Replica.Open()) != 1 {
		t.Errorf("%+v", got)
	}
	if err := desk.Decide(t.Context(), "guard", v, false); err != nil {
		t.Fatal(err)
	}
	if got := p(); !got.Denied() || got.State != record.Present || len(desk.Replica.Open()) != 1 || len(desk.Replica.Invitations()) != 0 {
		t.Errorf("a word takes somebody off the list, or makes an invitation: %+v", got)
	}
}
