package kiosk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
)

// guests is a real, small Invitations.
type guests struct {
	refuse error
	// signed is what who shows an early invitation signed before they came.
	signed kiosk.Signatures
}

func (g *guests) Is(code string) bool { return strings.HasPrefix(code, "INVITE") }

func (g *guests) Open(_ context.Context, code, name string) (kiosk.Invite, error) {
	switch {
	case g.refuse != nil:
		return kiosk.Invite{}, g.refuse
	case !strings.HasPrefix(code, "INVITE") && name == "":
		return kiosk.Invite{}, lang.Problem{Key: lang.InvitationsNoName, Field: "name"}
	case !strings.HasPrefix(code, "INVITE") && code != "7K3M9Q2X4TRB":
		return kiosk.Invite{}, lang.Problem{Key: lang.InvitationsWrong, Field: "code"}
	}
	if strings.HasPrefix(code, "INVITEEARLY") {
		return kiosk.Invite{ID: "early", Filled: true, Signed: g.signed, Arrival: kiosk.Arrival{
			Name: "Åsa Öberg", Host: "Karin", Company: "Bolaget", Phone: "070-1", Purpose: "Hissen", Type: "contractor",
		}}, nil
	}
	return kiosk.Invite{ID: "the-invitation", HostMail: "karin@example.org", Arrival: kiosk.Arrival{Name: "Åsa <Öberg>", Host: "Karin", Company: "Bolaget", Phone: "070-1"}}, nil
}

func TestByInvitation(t *testing.T) {
	g := &guests{}
	k, h, _ := door(t, func(c *kiosk.Config) { c.Invitations = g })
	v := &visitor{t: t, k: k}
	v.get("/kiosk?lang=en")
	if !strings.Contains(v.text(), "I have an invitation") {
		t.Error("the start page does not ask for invitations")
	}
	v.post("/kiosk/invited", "code=7k3m-9q2x-4trb", "lang=en")
	if v.res.Code != 422 || !strings.Contains(v.res.Body.String(), `id="name-fault"`) {
		t.Fatalf("status %d\n%s", v.res.Code, v.res.Body)
	}
	v.post("/kiosk/invited", "code="+strings.Repeat("💥<script>", 100), "name=Åsa", "lang=en")
	if v.res.Code != 422 || !strings.Contains(v.text(), "has that code and that name") || strings.Contains(v.res.Body.String(), "<script>💥") {
		t.Fatalf("status %d\n%s", v.res.Code, v.res.Body)
	}
	v.post("/kiosk/invited", "code=7k3m 9q2x–4trb", "name=åsa", "lang=en")
	v.follow()
	for _, s := range []string{`value="Åsa &lt;Öberg&gt;"`, `value="Karin"`, `value="Bolaget"`, "You are expected"} {
		if !strings.Contains(v.res.Body.String(), s) {
			t.Errorf("%q is not on the form\n%s", s, v.res.Body)
		}
	}
	page := strings.TrimPrefix(v.urls[len(v.urls)-2], "/kiosk/invited/")
	page, _, _ = strings.Cut(page, "?")
	v.post("/kiosk/arrive", "form=$form", "invite="+page, "name=Åsa Öberg", "host=Karin", "lang=en")
	v.follow()
	got := h.checkedIn()
	if len(got) != 1 || got[0].Invitation != "the-invitation" || got[0].HostMail != "karin@example.org" {
		t.Fatalf("%d arrived", len(got))
	}
	// The page of the invitation is gone for whoever comes next.
	v.get("/kiosk/invited/" + page)
	if strings.Contains(v.text(), "Öberg") {
		t.Error("the next person reads the invitation")
	}
	for _, u := range v.urls {
		if strings.Contains(u, "4TRB") || strings.Contains(u, "sa") && strings.Contains(u, "berg") {
			t.Errorf("a code or a name is in the address %s", u)
		}
	}
}

func TestAnInvitationOffTheScanner(t *testing.T) {
	g := &guests{}
	k, h, _ := door(t, func(c *kiosk.Config) { c.Invitations = g })
	v := &visitor{t: t, k: k}
	v.post("/kiosk/leave", "scan=yes", "code=invite-1")
	v.follow()
	if !strings.Contains(v.text(), "Åsa <Öberg>") {
		t.Errorf("status %d\n%s", v.res.Code, v.res.Body)
	}
	for key, want := range map[string]string{
		lang.InvitationsOff: "ställts in", lang.InvitationsOver: "gäller inte längre", lang.InvitationUnknown: "känner inte till den som skickade",
		lang.BadgeForged: "inte äkta",
	} {
		g.refuse = lang.Problem{Key: key}
		v.post("/kiosk/leave", "scan=yes", "code=INVITE1", "lang=sv")
		if v.res.Code != 422 || !strings.Contains(v.text(), want) {
			t.Errorf("%s: status %d\n%s", key, v.res.Code, v.res.Body)
		}
	}
	g.refuse = lang.Problem{Key: lang.InvitationsEarly, Args: map[string]any{"Day": "2026-12-01"}}
	v.post("/kiosk/leave", "scan=yes", "code=INVITE1", "lang=sv")
	if !strings.Contains(v.text(), "gäller 2026-12-01") {
		t.Errorf("%s", v.res.Body)
	}
	// Whose bearer is inside goes out by it.
	g.refuse = lang.Problem{Key: lang.InvitationsUsed}
	v.post("/kiosk/leave", "scan=yes", "code=INVITE1")
	if len(h.asked) != 1 || h.asked[0] != "INVITE1" {
		t.Errorf("%v", h.asked)
	}
	// On the page of leaving it is a way out and nothing else.
	g.refuse = nil
	v.post("/kiosk/leave", "code=INVITE2")
	if len(h.asked) != 2 {
		t.Errorf("%v", h.asked)
	}
}
