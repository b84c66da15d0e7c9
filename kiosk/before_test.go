package kiosk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
)

// early is an invitation whose bearer has filled in and signed before they came.
type early struct {
	hashes map[string]string
	// bare: they left out what their type must say.
	bare bool
}

func (early) Is(string) bool { return true }

func (e early) Open(context.Context, string, string) (kiosk.Invite, error) {
	i := kiosk.Invite{ID: "inv", Filled: true, Arrival: kiosk.Arrival{Name: "Åsa Öberg", Company: "Bolaget", Lang: "fi"}}
	for id, hash := range e.hashes {
		i.Signed = append(i.Signed, kiosk.Signature{Document: id, Hash: hash, Name: "Åsa", At: at.AddDate(0, 0, -2)})
	}
	if e.bare {
		i.Arrival.Company = ""
	}
	return i, nil
}

// Who has signed before is not asked again, and is asked again, and told why, where
// the text has changed since: arriving is one form and the badge.
func TestWhoSignedBeforeIsNotAskedAgain(t *testing.T) {
	text := func(body, hash string) map[string]kiosk.PaperText {
		return map[string]kiosk.PaperText{"sv": {Body: body, Hash: hash}, "fi": {Body: "fi " + body, Hash: "fi-" + hash}}
	}
	e := &early{hashes: map[string]string{"rules": "fi-r", "nda": "n"}}
	rules := text("Spring inte.", "r")
	k, h, _ := door(t, func(c *kiosk.Config) {
		c.Invitations = e
		c.Types = func() []kiosk.Type {
			return []kiosk.Type{{ID: "visitor", Ask: map[string]string{"company": "must"}, Papers: []kiosk.Paper{
				{ID: "rules", Name: map[string]string{"sv": "Regler"}, Text: rules},
				{ID: "nda", Name: map[string]string{"sv": "Sekretess"}, Text: text("Håll tyst.", "n")},
			}}}
		}
	})
	v := &visitor{t: t, k: k}
	open := func(want ...string) (page string) {
		t.Helper()
		v.post("/kiosk/leave", "scan=yes", "code=INVITE1", "lang=en")
		v.follow()
		u := v.urls[len(v.urls)-2]
		if !strings.HasSuffix(u, "?lang=fi") {
			t.Errorf("it does not go on in the language that was chosen: %s", u)
		}
		page, _, _ = strings.Cut(strings.TrimPrefix(u, "/kiosk/invited/"), "?")
		for _, s := range want {
			s, not := strings.CutPrefix(s, "!")
			if strings.Contains(v.res.Body.String(), s) == not {
				t.Errorf("want %q: %v in\n%s", s, !not, v.res.Body)
			}
		}
		return page
	}
	page := open(`value="Bolaget"`, `<details class="filled">`, "olet jo täyttänyt", "Olet jo allekirjoittanut", "20.11.2026", "!Spring", "!Håll tyst", `!id="signature"`)
	v.post("/kiosk/arrive", "form=$form", "type=visitor", "invite="+page, "name=Åsa Öberg", "company=Bolaget", "lang=fi")
	v.follow()
	got := h.checkedIn()
	if len(got) != 1 || len(got[0].Before) != 2 || len(got[0].Signed) != 0 || got[0].Invitation != "inv" {
		t.Fatalf("%d arrived", len(got))
	}

	// What is lacking is in sight.
	e.bare = true
	open(`id="company"`, `!<details class="filled">`)
	e.bare = false

	rules["sv"], rules["fi"] = kiosk.PaperText{Body: "Gå.", Hash: "r2"}, kiosk.PaperText{Body: "Kävele.", Hash: "fi-r2"}
	page = open("Kävele.", "on muuttunut allekirjoituksesi", `name="paper-rules" value="fi-r2"`, `id="signature"`, "!Håll tyst", "!paper-nda")
	v.post("/kiosk/arrive", "form=$form", "type=visitor", "invite="+page, "name=Åsa Öberg", "company=Bolaget", "paper-rules=fi-r2", "signature=Åsa", "lang=fi")
	got = h.checkedIn()
	if len(got) != 2 || len(got[1].Before) != 1 || got[1].Before[0].Document != "nda" || got[1].Signed["rules"] != "fi-r2" {
		t.Fatalf("%d arrived", len(got))
	}
}
