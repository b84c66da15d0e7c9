package kiosk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
)

// mailed is a house whose link "good" opens once.
type mailed struct {
	asked []kiosk.MineAsk
	use   string
}

func (m *mailed) at(c *kiosk.Config) {
	c.Mine = func(_ context.Context, a kiosk.MineAsk) (kiosk.MineAnswer, error) {
		m.asked = append(m.asked, a)
		switch {
		case a.Do == "mail" && a.Knows == "none@marker.test":
			return kiosk.MineAnswer{}, lang.Problem{Key: lang.SelfNoMail}
		case a.Do == "mail":
			return kiosk.MineAnswer{}, nil
		case a.Link != "good" || m.use != "" && m.use != a.Use:
			return kiosk.MineAnswer{}, lang.Problem{Key: lang.SelfLink}
		}
		m.use = a.Use
		return kiosk.MineAnswer{Lang: "en", Text: "REGISTER EXTRACT\n  Name: Astrid Marker", Data: []byte(`{"name":"Astrid Marker"}`), Consents: []string{"assist"}}, nil
	}
}

// Asking for a link says the same whether or not the address is kept, and puts it
// neither on the page nor in a log.
func TestAskingForALink(t *testing.T) {
	m := &mailed{}
	k, _, logs := door(t, m.at)
	v := &visitor{t: t, k: k}
	v.get("/kiosk/mine?lang=en")
	if !strings.Contains(v.res.Body.String(), `action="/kiosk/mine/mail"`) {
		t.Error("no way to ask for a link")
	}
	v.post("/kiosk/mine/mail", "lang=en", "email=astrid@marker.test")
	if to := v.res.Header().Get("Location"); v.res.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/kiosk/mine/mailed") {
		t.Fatal(v.res.Code, to)
	}
	v.get(v.res.Header().Get("Location"))
	if !strings.Contains(v.res.Body.String(), "If we hold this address") || len(m.asked) != 1 || m.asked[0].Knows != "astrid@marker.test" {
		t.Error(v.res.Body, len(m.asked))
	}
	for field, want := range map[string]string{"email=none@marker.test": "No link can be sent", "email=marker": "no e-mail address", "email=": "no e-mail address"} {
		v.post("/kiosk/mine/mail", "lang=en", field)
		if s := v.res.Body.String(); v.res.Code != http.StatusUnprocessableEntity || !strings.Contains(s, want) || strings.Contains(s, "marker") {
			t.Errorf("%s: %d %s", field, v.res.Code, s)
		}
	}
	if len(m.asked) != 2 {
		t.Error("what is no address was asked about")
	}
	if strings.Contains(logs.String(), "marker.test") || strings.Contains(strings.Join(v.urls, " "), "marker") {
		t.Error("personal data in the log or an address")
	}
}

// Looking a link up opens nothing; a press opens it once, and all rights follow.
func TestAMailedLink(t *testing.T) {
	m, now := &mailed{}, at
	k, _, logs := door(t, m.at, func(c *kiosk.Config) { c.Clock = func() time.Time { return now } })
	do := func(method, path string, status int, form url.Values, want ...string) string {
		t.Helper()
		r := httptest.NewRequest(method, "https://ekudden.example.org"+path, strings.NewReader(form.Encode()))
		if method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		w := httptest.NewRecorder()
		k.Own().ServeHTTP(w, r)
		if w.Code != status {
			t.Fatalf("%s %s: %d, want %d", method, path, w.Code, status)
		}
		for _, s := range want {
			if !strings.Contains(w.Body.String(), s) {
				t.Errorf("%s %s has no %q in\n%s", method, path, s, w.Body)
			}
		}
		to, _, _ := strings.Cut(w.Header().Get("Location"), "?")
		return to
	}
	en := func(more ...string) url.Values {
		f := url.Values{"lang": {"en"}}
		for i := 0; i+1 < len(more); i += 2 {
			f.Set(more[i], more[i+1])
		}
		return f
	}
	do("GET", "/o/good?lang=en", 200, nil, "Show me", "opens this page once")
	do("GET", "/o/good?lang=ar", 200, nil, `dir="rtl"`)
	if len(m.asked) != 0 {
		t.Fatal("looking opens it")
	}
	do("POST", "/o/bad?lang=en", 422, en(), "has been used")
	page := do("POST", "/o/good", 303, en())
	do("GET", page+"?lang=en", 200, nil, "Astrid Marker", "Forget what help I need", "Ask to have it erased", `action="`+page+`"`)
	do("POST", "/o/good", 422, en(), "has been used")
	do("POST", page+"/copy", 200, en(), `{"name":"Astrid Marker"}`)
	for _, step := range [][]string{{"do", "rectify", "email", "astrid@markor.test"}, {"do", "withdraw", "purpose", "assist"}, {"do", "erase"}} {
		page = do("POST", page, 303, en(step...))
	}
	if last := m.asked[len(m.asked)-1]; last.Link != "good" || last.Use != m.use || last.Do != "erase" || last.Knows != "" {
		t.Error("asked without the link")
	}
	do("POST", page, 200, en("do", "close"), "put away")
	do("GET", page+"?lang=en", 200, nil, "put away")

	m.use = ""
	page = do("POST", "/o/good", 303, en())
	now = at.Add(31 * time.Minute)
	do("GET", page+"?lang=en", 200, nil, "put away")
	if s := logs.String(); strings.Contains(s, "Marker") || strings.Contains(s, "good") || strings.Contains(s, page[len("/o/page/"):]) {
		t.Error("a link, or what it opens, in the log:", s)
	}
}
