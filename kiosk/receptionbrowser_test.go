package kiosk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// reception is a door with types, documents, invitations and hosts.
func reception(c *kiosk.Config) {
	rules := kiosk.Paper{ID: "rules", Name: map[string]string{"sv": "Ordningsregler", "en": "House rules"}, Text: map[string]kiosk.PaperText{
		"sv": {Body: "Spring inte i korridorerna.\n\nBär brickan så att den syns.\n" + strings.Repeat("Håll utgångarna fria. ", 60), Hash: "abc", Version: "2026-11-22 09:00:00"},
		"en": {Body: "Do not run.\n\nWear your badge.\n" + strings.Repeat("Keep the exits clear. ", 60), Hash: "def", Version: "2026-11-22 09:00:00"},
	}}
	c.Types = func() []kiosk.Type {
		ask := func(fields ...string) map[string]string {
			out := map[string]string{"assist": "may"}
			for _, f := range fields {
				out[f] = "may"
			}
			return out
		}
		return []kiosk.Type{
			{ID: "visitor", Name: map[string]string{"sv": "Besökare", "en": "Visitor"}, Ask: ask("host", "company")},
			{ID: "contractor", Name: map[string]string{"sv": "Entreprenör", "en": "Contractor"}, Mark: "triangle", Escort: true, Ask: ask("host", "company", "phone", "purpose", "email"), Papers: []kiosk.Paper{rules}},
			{ID: "delivery", Name: map[string]string{"sv": "Leverans", "en": "Delivery"}, Ask: ask("host")},
			{ID: "group", Name: map[string]string{"sv": "Skolklass eller grupp", "en": "School or group"}, Ask: ask("host"), Group: true},
		}
	}
	c.Invitations = &guests{signed: kiosk.Signatures{{Document: "rules", Hash: "def", At: at}}}
	c.FindHosts = func(_ context.Context, q string) ([]kiosk.Host, bool) {
		if !strings.HasPrefix("karin", strings.ToLower(q)) || len(q) < 3 {
			return nil, false
		}
		return []kiosk.Host{{Name: "Karin Lindqvist", Unit: "Plan 3"}, {Name: "Karin Åkesson-Konstantinidou", Unit: "Avdelningen för lokalförsörjning"}}, true
	}
}

// TestSignedWithoutScript types a name in a browser that runs none.
func TestSignedWithoutScript(t *testing.T) {
	k, h, _ := door(t, reception)
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{NoScript: true})
	p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
	p.Click("a[href^='/kiosk/arrive/contractor']")
	p.Wait("#signature")
	if p.Bool(`document.querySelector("canvas").checkVisibility()`) {
		t.Error("there is a field to draw in that does nothing")
	}
	p.Click("#name")
	p.Type("Anna Öberg")
	p.Click("#signature")
	p.Type("Anna Öberg")
	p.Click("form button[type=submit]")
	p.Wait(".badge")
	if got := h.checkedIn(); len(got) != 1 || got[0].Signature != "Anna Öberg" || got[0].Signed["rules"] != "abc" || got[0].Type != "contractor" {
		t.Errorf("%d arrived", len(got))
	}
}
