package guest_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/guest"
	"github.com/upprop/upprop/kiosk/lang"
)

// form is what a contractor is asked.
func form() *guest.Form {
	text := func(body, hash string) map[string]kiosk.PaperText {
		return map[string]kiosk.PaperText{
			"sv": {Body: body, Hash: hash + "-sv", Version: "2026-11-22 09:00:00"}, "en": {Body: "In English: " + body, Hash: hash + "-en", Version: "2026-11-22 09:00:00"},
		}
	}
	return &guest.Form{
		Type: kiosk.Type{ID: "contractor", Ask: map[string]string{"company": "must", "phone": "may", "purpose": "may", "email": "no", "host": "must"}, Papers: []kiosk.Paper{
			{ID: "rules", Name: map[string]string{"sv": "Regler", "en": "House rules"}, Text: text("Spring inte.", "r")},
			{ID: "nda", Name: map[string]string{"sv": "Sekretess", "en": "Confidentiality"}, Text: text("Håll tyst.", "n")},
		}},
		Arrival: kiosk.Arrival{Name: "Åsa Öberg", Company: "Bolaget", Email: "asa@example.org", Host: "Sven"},
	}
}

func TestFillingInBefore(t *testing.T) {
	b, h := newPage(t)
	b.form = form()
	body := ""
	do := func(status int, form url.Values, texts ...string) {
		t.Helper()
		method := "GET"
		if form != nil {
			method = "POST"
			form.Set("lang", "en")
		}
		req := httptest.NewRequest(method, "/i/good?lang=en", strings.NewReader(form.Encode()))
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if body = w.Body.String(); w.Code != status {
			t.Fatalf("%d, want %d in\n%s", w.Code, status, body)
		}
		for _, s := range texts {
			s, not := strings.CutPrefix(s, "!")
			if strings.Contains(body, s) == not {
				t.Errorf("want %q: %v in\n%s", s, !not, body)
			}
		}
	}
	do(200, nil, "Fill in before you come", `value="Bolaget"`, "In English: Spring inte.", "In English: Håll tyst.", `name="paper-nda" value="n-en"`, `id="phone"`,
		`!id="email"`, `!id="host"`, `!id="name"`, "!Åsa", "Ekudden is the controller")
	if strings.Index(body, "locked up with your invitation") > strings.Index(body, `id="company"`) {
		t.Error("what is said of personal data comes after a field")
	}
	sent := url.Values{"do": {"fill"}, "company": {"Nytt <bolag>"}, "phone": {"070-1"}, "email": {"x@example.org"}, "signature": {"Åsa"}, "drawing": {"1,2 3,4"}, "paper-rules": {"r-en"}, "paper-nda": {"n-en"}}
	for key, field := range map[string]string{"field.required": "company", "document.unsigned": "signature", "invitations.not_now": ""} {
		b.fault = lang.Problem{Key: key, Field: field}
		do(422, sent, `value="Nytt &lt;bolag&gt;"`, `value="070-1"`, `value="1,2 3,4"`, `role="alert"`)
		if field != "" && !strings.Contains(body, `id="`+field+`-fault"`) {
			t.Errorf("%s is not said beside the field", key)
		}
	}
	b.fault = nil
	do(303, sent)
	if len(b.got) != 1 || b.got[0].Company != "Nytt <bolag>" || b.got[0].Email != "asa@example.org" || b.got[0].Signed["nda"] != "n-en" || b.got[0].Lang != "en" || len(b.said) != 0 {
		t.Fatalf("%d filled in", len(b.got))
	}
	// It can be changed without signing anew, but for what has another text now.
	b.form.Filled = from.Add(-48 * time.Hour)
	b.form.Signed = kiosk.Signatures{{Document: "rules", Hash: "r-sv", At: b.form.Filled}, {Document: "nda", Hash: "old", At: b.form.Filled}}
	do(200, nil, "You filled this in on", "Save the change", "House rules</bdi>: signed on", "!Spring inte", "This text has changed since you signed it", "Håll tyst")
	do(303, url.Values{"do": {"fill"}, "company": {"B"}, "signature": {"Åsa"}, "paper-nda": {"n-en"}})
	if got := b.got[1]; len(got.Before) != 1 || got.Before[0].Document != "rules" || got.Signed["nda"] != "n-en" || got.Phone != "" {
		t.Error("what was signed before is lost")
	}
	if s := fmt.Sprintf("%v %+v", *b.form, b.form.Signed); strings.Contains(s, "Öberg") || strings.Contains(s, "rules") {
		t.Error("what was filled in prints:", s)
	}
	// Whose type asks nothing, and who does not come, fill in nothing.
	b.form.Type = kiosk.Type{ID: "visitor"}
	do(200, nil, "!Fill in before you come")
	b.form = nil
	do(200, nil, "!Fill in before you come")
	do(422, url.Values{"do": {"fill"}}, "Nothing can be filled in just now")
}
