package kiosk_test

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
)

// doorWithTypes has two types that ask for different things.
func doorWithTypes(t *testing.T) (*kiosk.Kiosk, *house) {
	k, h, _ := door(t, func(c *kiosk.Config) {
		c.Types = func() []kiosk.Type {
			return []kiosk.Type{
				{ID: "visitor", Name: map[string]string{"sv": "Besökare", "en": "Visitor"}, Ask: map[string]string{"host": "may", "phone": "no"}},
				{ID: "craft", Name: map[string]string{"sv": "Hantverkare <b>"}, Badge: map[string]string{"sv": "HANTVERKARE"}, Mark: "star", Escort: true, Ask: map[string]string{"phone": "must", "purpose": "may"}},
			}
		}
	})
	return k, h
}

func TestEachTypeHasItsForm(t *testing.T) {
	k, h := doorWithTypes(t)
	v := &visitor{t: t, k: k}
	has := func(status int, texts ...string) {
		t.Helper()
		if v.res.Code != status {
			t.Fatalf("status %d, want %d", v.res.Code, status)
		}
		for _, s := range texts {
			s, not := strings.CutPrefix(s, "!")
			if strings.Contains(v.res.Body.String(), s) == not {
				t.Errorf("want %q: %v in\n%s", s, !not, v.res.Body)
			}
		}
	}
	v.get("/kiosk/arrive?lang=en")
	has(200, `href="/kiosk/arrive/visitor?lang=en"`, "Visitor", "Hantverkare &lt;b&gt;", `!action="/kiosk/arrive"`)
	v.get("/kiosk/arrive/visitor?lang=sv")
	has(200, `id="host"`, `name="type" value="visitor"`, "!id=\"phone\"", "!id=\"purpose\"", "!id=\"assist\"", "!id=\"company\"")
	v.get("/kiosk/arrive/craft?lang=sv")
	has(200, `id="phone"`, `id="purpose"`, "!id=\"host\"", `href="/kiosk/arrive/craft?lang=en"`)
	h.refuse = lang.Problem{Key: lang.FieldRequired, Field: "phone"}
	v.post("/kiosk/arrive", "form=$form", "type=craft", "name=Anna", "purpose=Rör")
	has(422, `id="phone-fault"`, `value="Rör"`, `name="type" value="craft"`)
	h.refuse = nil
	v.post("/kiosk/arrive", "form=$form", "type=craft", "name=Anna", "phone=070-1", "purpose=Rör")
	v.follow()
	has(200, "HANTVERKARE", "<polygon", "Ska ledsagas", "Någon kommer och hämtar dig", "!Vänta här på den du ska träffa")
	if got := h.checkedIn(); len(got) != 1 || got[0].Type != "craft" || got[0].Phone != "070-1" || got[0].Purpose != "Rör" {
		t.Errorf("%d arrived", len(got))
	}
	// What is no type leads back to the choice.
	v.get("/kiosk/arrive/nobody")
	v.follow()
	has(200, "Besökare")
}

func TestDocumentsOnTheForm(t *testing.T) {
	version := kiosk.PaperText{Body: "Spring inte.\n<b>Alls</b>.", Hash: "abc", Version: "2026-11-22 09:00:00"}
	k, h, _ := door(t, func(c *kiosk.Config) {
		c.Types = func() []kiosk.Type {
			return []kiosk.Type{{ID: "visitor", Papers: []kiosk.Paper{{ID: "rules", Name: map[string]string{"sv": "Regler"}, Text: map[string]kiosk.PaperText{"sv": version}}}}}
		}
	})
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive?lang=en")
	for _, s := range []string{"Spring inte.\n&lt;b&gt;Alls&lt;/b&gt;.", `lang="sv" dir="auto"`, "2026-11-22 09:00:00", `name="paper-rules" value="abc"`, `id="signature"`, "sign."} {
		if !strings.Contains(v.res.Body.String(), s) {
			t.Errorf("%q is not on the form", s)
		}
	}
	// The text changes before the form is sent: the new one is shown, and what
	// was written stays.
	version = kiosk.PaperText{Body: "Gå.", Hash: "def", Version: "2026-11-22 10:00:00"}
	h.refuse = lang.Problem{Key: lang.DocumentsChanged, Field: "signature"}
	v.post("/kiosk/arrive", "form=$form", "type=visitor", "name=Anna", "signature=Anna Ek", "drawing=1,2 3,4", "paper-rules=abc", "lang=en")
	for _, s := range []string{"Gå.", `value="def"`, `value="Anna Ek"`, `value="1,2 3,4"`, `id="signature-fault"`, "has changed since you saw it"} {
		if !strings.Contains(v.res.Body.String(), s) {
			t.Errorf("%q is not on the form", s)
		}
	}
	h.refuse = nil
	v.post("/kiosk/arrive", "form=$form", "type=visitor", "name=Anna", "signature=Anna Ek", "paper-rules=def")
	got := h.checkedIn()
	if len(got) != 1 || got[0].Signed["rules"] != "def" || got[0].Signature != "Anna Ek" {
		t.Errorf("%d arrived", len(got))
	}
}

func TestAGroupOnOneForm(t *testing.T) {
	k, h, _ := door(t, func(c *kiosk.Config) {
		c.Types = func() []kiosk.Type {
			return []kiosk.Type{{ID: "class", Name: map[string]string{"sv": "Skolklass"}, Group: true}}
		}
	})
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive?lang=en")
	if !strings.Contains(v.text(), "Who is with you?") {
		t.Fatal("the form has no place for a group")
	}
	h.refuse = lang.Problem{Key: lang.GroupLine, Field: "with", Args: map[string]any{"Limit": 2}}
	v.post("/kiosk/arrive", "form=$form", "type=class", "name=Anna", "with=Bo\r\nEva <b>", "lang=en")
	for _, s := range []string{"Name number 2 cannot be kept", "Bo\nEva &lt;b&gt;</textarea>", `id="with-fault"`} {
		if !strings.Contains(v.res.Body.String(), s) {
			t.Errorf("%q is not there\n%s", s, v.res.Body)
		}
	}
	h.refuse = nil
	v.post("/kiosk/arrive", "form=$form", "type=class", "name=Anna", "with=Bo\r\n\r\nEva <b>", "lang=en")
	v.follow()
	for _, s := range []string{"3 badges", "Bo", "Eva &lt;b&gt;", "7K3M-9Q23"} {
		if !strings.Contains(v.res.Body.String(), s) {
			t.Errorf("%q is not on the page", s)
		}
	}
	if got := h.checkedIn(); len(got) != 3 || got[2].Name != "Eva <b>" {
		t.Errorf("%d arrived", len(got))
	}
}

func TestNoTypeChecksInAlone(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) { c.Types = func() []kiosk.Type { return nil } })
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive?lang=en")
	if !strings.Contains(v.text(), "check in at the reception") {
		t.Errorf("status %d\n%s", v.res.Code, v.res.Body)
	}
}

// Somebody under 16 does not consent alone, and what they ticked is still there
// when they are told so.
func TestUnder16AtTheDoor(t *testing.T) {
	k, h, _ := door(t)
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive?lang=en")
	if !strings.Contains(v.text(), "I am under 16") {
		t.Fatal("nobody is asked")
	}
	h.refuse = lang.Problem{Key: "minor.guardian", Field: "assist"}
	v.post("/kiosk/arrive", "form=$form", "name=Anna", "needs_help=yes", "assist=Rullstol", "under16=yes", "lang=en")
	if v.res.Code != 422 || !strings.Contains(v.text(), "cannot agree alone") || !strings.Contains(v.res.Body.String(), `name="under16" value="yes" checked`) {
		t.Fatalf("status %d\n%s", v.res.Code, v.res.Body)
	}
	h.refuse = nil
	v.post("/kiosk/arrive", "form=$form", "name=Anna", "needs_help=yes", "assist=Rullstol", "under16=yes", "guardian=yes", "lang=en")
	v.post("/kiosk/arrive", "form=other", "name=Bo", "under16=yes", "guardian=yes", "lang=en")
	got := h.checkedIn()
	if len(got) != 2 || !got[0].Under16 || !got[0].Guardian || got[1].Under16 {
		t.Fatalf("%d arrived", len(got))
	}
}
