package invitations

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// approving lets spots have links for hosts, and the first of them mail.
func approving(needs record.Needs, spots ...*spot) {
	linked(spots...)
	needing(needs, spots...)
	for _, s := range spots {
		s.cfg.SignApproval, s.cfg.Approval = s.cfg.SignLink, s.cfg.Link
	}
}

// hostsToken is the token in the mail to the host that was taken down last.
func (s *spot) hostsToken() string {
	s.t.Helper()
	s.askHosts(s.t.Context())
	if len(s.mails) == 0 {
		s.t.Fatal("no host was asked")
	}
	_, rest, _ := strings.Cut(s.mails[len(s.mails)-1].Text, "https://visit.example.org/a/")
	token, _, _ := strings.Cut(rest, "\n")
	return token
}

func (s *spot) decide(token string, welcome bool, reason string) {
	s.t.Helper()
	if err := s.DecideByLink(s.t.Context(), token, welcome, reason); err != nil {
		s.t.Fatal(err)
	}
}

// A host is asked by the node that invited, and approves at an entrance; then who is
// invited gets the invitation, from the node that invited.
func TestAHostApprovesByLink(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	approving(record.OneWord, desk, gate)
	made := desk.invite(nil)
	token := desk.hostsToken()
	if m := desk.mails[0]; m.To != "sven@example.org" || m.Once != "ask" || !strings.Contains(m.Text, "Åsa Öberg, Ekström & Söner") || !strings.Contains(m.HTML, `<a href="https://visit.example.org/a/`+token) || m.Calendar != "" {
		t.Errorf("%+v", m)
	}
	_, err := gate.Ask(token)
	wants(t, "not heard", err, "invitations.not_heard")
	sheettest.Heal(t, desk.Desk, gate.Desk)
	gate.askHosts(t.Context())
	for range 2 { // looking says nothing
		if a, err := gate.Ask(token); err != nil || a.State != Waiting || a.When.From == 0 {
			t.Errorf("%v %+v", err, a)
		}
	}
	if got, _ := desk.Replica.Invitation(made.ID); !got.Waits() {
		t.Fatal("looking approves")
	}
	gate.decide(token, true, "")
	gate.decide(token, true, "")
	if strings.Join(gate.acts, ",") != record.ByHost+" invitation.approve" || len(gate.mails) != 0 {
		t.Errorf("%s, %d mails", gate.acts, len(gate.mails))
	}
	sheettest.Heal(t, desk.Desk, gate.Desk)
	desk.mails = nil
	desk.askHosts(t.Context())
	desk.tellDecided()
	gate.tellDecided()
	if len(desk.mails) != 1 || len(gate.mails) != 0 || desk.mails[0].To != "asa@example.org" || desk.mails[0].Once != "approved" || desk.mails[0].QR == nil {
		t.Fatalf("%d mails", len(desk.mails))
	}
	if i, _ := desk.Get(made.ID); i.State != Expected || i.Approved[0].By != record.ByHost || i.Approved[0].How != "link" {
		t.Errorf("%+v", i.Approval)
	}
	h.advance(25 * time.Hour)
	desk.mails = nil
	if desk.tellDecided(); len(desk.mails) != 0 {
		t.Error("it is mailed a day later")
	}
}

// A host approves on one side of a split and declines on the other: the decline
// counts on both, is told with its reason, and cannot be taken back.
func TestApprovedAndDeclinedByLinkApart(t *testing.T) {
	for _, approvedFirst := range []bool{true, false} {
		h := newHouse(t)
		desk, a, b := h.spot("Reception", true), h.spot("East gate", false), h.spot("West gate", false)
		approving(record.OneWord, desk, a, b)
		made := desk.invite(nil)
		token := desk.hostsToken()
		sheettest.Heal(t, desk.Desk, a.Desk, b.Desk)
		wants(t, "a reason of one's own", a.DecideByLink(t.Context(), token, false, "Lars is rude"), "invitations.reason")
		if approvedFirst {
			a.decide(token, true, "")
			sheettest.Heal(t, desk.Desk, a.Desk)
			desk.mails = nil
			desk.tellDecided()
			b.decide(token, false, record.AnotherTime)
		} else {
			b.decide(token, false, record.AnotherTime)
			a.decide(token, true, "")
		}
		sheettest.Heal(t, desk.Desk, a.Desk, b.Desk)
		desk.mails = nil
		desk.tellDecided()
		desk.tellDecided()
		if len(desk.mails) != 2 || desk.mails[0].Once != "declined" || desk.mails[1].Once != "declined" || desk.mails[0].Method != "CANCEL" || !strings.Contains(desk.mails[0].Text, "Anledning: Tiden passar inte") || desk.mails[0].QR != nil {
			t.Fatalf("%d mails: %+v", len(desk.mails), desk.mails)
		}
		for _, s := range []*spot{desk, a, b} {
			i, _ := s.Get(made.ID)
			if i.State != Refused || len(i.Approved) != 1 || len(i.Refused) != 1 || i.Refused[0].Reason != record.AnotherTime {
				t.Errorf("%s %+v", i.State, i.Approval)
			}
			_, err := s.Open(made.QR, "")
			wants(t, "declined", err, "invitations.refused")
			wants(t, "approving what is declined", s.DecideByLink(t.Context(), token, true, ""), "invitations.declined")
		}
	}
}

func TestWhatAHostsLinkCannotDo(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("Reception", true)
	approving(record.AnotherWord, desk)
	made := desk.invite(nil)
	// What who invited has written is not where another is asked; the register is.
	if desk.askHosts(t.Context()); len(desk.mails) != 0 {
		t.Error("who invited says who approves")
	}
	desk.cfg.HostMail = func(_ context.Context, name record.Private) record.Private {
		return map[record.Private]record.Private{"Sven Ask": "sven.ask@example.org"}[name]
	}
	token := desk.hostsToken()
	if desk.mails[0].To != "sven.ask@example.org" {
		t.Error(desk.mails[0].To)
	}
	for what, bad := range map[string]string{"cut": token[:90], "nothing": "", "words": "<script>"} {
		if err := desk.DecideByLink(t.Context(), bad, true, ""); !errors.Is(err, record.ErrLink) {
			t.Errorf("%s: %v", what, err)
		}
	}
	plain := desk.invite(func(r *Request) { r.Type = "visitor" })
	other, _ := desk.cfg.SignApproval(record.Link{Visit: plain.ID, Start: record.EvacID(plain.ID), Until: h.clock().Add(time.Hour)})
	wants(t, "no need", desk.DecideByLink(t.Context(), other, true, ""), "invitations.no_need")
	if i, _ := desk.Replica.Invitation(made.ID); !i.Waits() {
		t.Error("it was approved")
	}
	if err := desk.CallOff(t.Context(), "op", made.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, "off", desk.DecideByLink(t.Context(), token, true, ""), "invitations.off")
	far := desk.invite(func(r *Request) { r.From, r.To = r.From.AddDate(0, 0, 40), r.To.AddDate(0, 0, 40) })
	token = desk.hostsToken()
	h.advance(linkFor + time.Hour)
	wants(t, "too late", desk.DecideByLink(t.Context(), token, true, ""), "invitations.ask_over")
	if i, _ := desk.Replica.Invitation(far.ID); !i.Waits() {
		t.Error("an old link approves")
	}
	for range maxWords {
		desk.words.allow(far.ID, h.clock())
	}
	fresh, _ := desk.cfg.SignApproval(record.Link{Visit: far.ID, Start: record.EvacID(far.ID), Until: h.clock().Add(time.Hour)})
	wants(t, "too often", desk.DecideByLink(t.Context(), fresh, true, ""), "invitations.fills")
}
