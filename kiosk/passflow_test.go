package kiosk_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
)

// Somebody who came once has a pass, shows it another day at another door, and
// finds the form filled in; nothing of it is kept in between.
func TestPass(t *testing.T) {
	types := func() []kiosk.Type {
		return []kiosk.Type{
			{ID: "visitor", Name: map[string]string{"en": "Visitor"}, Ask: map[string]string{"company": "may", "host": "may"}},
			{ID: "contractor", Name: map[string]string{"en": "Contractor"}, Ask: map[string]string{"company": "may", "phone": "may"}},
		}
	}
	k, _, _ := door(t, func(c *kiosk.Config) { c.Types = types })
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive/contractor?lang=en")
	v.post("/kiosk/arrive", "form=$form", "type=contractor", "name=Åsa <Öberg>", "company=Bolaget", "phone=070-1", "lang=en")
	v.follow()
	if !strings.Contains(v.text(), "I come often") {
		t.Fatalf("no pass is offered\n%s", v.res.Body)
	}
	shown := regexp.MustCompile(`/kiosk/welcome/[A-Z0-9]+/pass`).FindString(v.res.Body.String())
	v.get(shown + "?lang=en")
	if v.res.Code != 200 || !strings.Contains(v.text(), "nothing is kept here") || strings.Contains(v.res.Body.String(), "berg") {
		t.Fatalf("status %d\n%s", v.res.Code, v.res.Body)
	}
	code := readQR(t, v.res.Body.String())
	v.post(strings.TrimSuffix(shown, "/pass"), "lang=en")
	if v.get(shown); v.res.Code == 200 {
		t.Fatal("the next person sees the pass")
	}

	other, h, _ := door(t, func(c *kiosk.Config) { c.Types = types })
	w := &visitor{t: t, k: other}
	w.post("/kiosk/leave", "scan=yes", "code="+strings.ToLower(code), "lang=en")
	w.follow()
	for _, s := range []string{`value="Åsa &lt;Öberg&gt;"`, `value="Bolaget"`, `value="070-1"`, "Welcome back"} {
		if !strings.Contains(w.res.Body.String(), s) {
			t.Errorf("%q is not on the form\n%s", s, w.res.Body)
		}
	}
	for _, u := range w.urls {
		if strings.Contains(strings.ToUpper(u), "UPPASS") || strings.Contains(u, "berg") {
			t.Error("a pass is in the address:", u)
		}
	}
	page := regexp.MustCompile(`name="invite" value="([A-Z0-9]+)"`).FindStringSubmatch(w.res.Body.String())[1]
	w.post("/kiosk/arrive", "form=$form", "invite="+page, "type=contractor", "name=Åsa Öberg", "company=Bolaget", "lang=en")
	w.follow()
	if got := h.checkedIn(); len(got) != 1 || got[0].Invitation != "" || got[0].Type != "contractor" {
		t.Fatalf("%d arrived", len(got))
	}

	// One that is torn is said to be, and the visitor writes.
	w.post("/kiosk/leave", "scan=yes", "code="+code[:len(code)-4], "lang=en")
	if w.res.Code != 422 || !strings.Contains(w.text(), "could not be read") {
		t.Fatalf("status %d\n%s", w.res.Code, w.res.Body)
	}
	old, _, _ := door(t, func(c *kiosk.Config) {
		c.Clock = func() time.Time { return time.Now().Add(400 * 24 * time.Hour) }
	})
	x := &visitor{t: t, k: old}
	x.post("/kiosk/leave", "scan=yes", "code="+code, "lang=en")
	if x.res.Code != 422 || !strings.Contains(x.text(), "more than a year old") {
		t.Fatalf("status %d\n%s", x.res.Code, x.res.Body)
	}
}
