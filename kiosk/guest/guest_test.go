package guest_test

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/guest"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node/invitations"
)

func TestCatalog(t *testing.T) {
	langtest.Lint(t, guest.Words(), langtest.Sources{
		Templates: []fs.FS{webkit.Templates(), os.DirFS("pages"), os.DirFS("../steps")}, GoDirs: []string{".", "../../node/invitations"}, Visitors: true,
	})
}

var from = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// book is an invitation whose link is "good".
type book struct {
	answer *record.Answer
	said   []string
	// form is what can be filled in; nil: nothing. fault refuses what is.
	form  *guest.Form
	fault error
	got   []kiosk.Arrival
}

func (b *book) Form(invitations.Form) guest.Form { return *b.form }

func (b *book) Fill(_ context.Context, _ string, a kiosk.Arrival) error {
	if b.fault != nil {
		return b.fault
	}
	b.got = append(b.got, a)
	return nil
}

func (b *book) Asked(token string) (invitations.Asked, error) {
	if token != "good" {
		return invitations.Asked{}, record.ErrLink
	}
	asked := invitations.Asked{On: record.Span{From: from.Unix(), To: from.Add(3 * time.Hour).Unix()}, Place: record.Place{Site: "Norra", Entrance: "Östra grinden"}, Answer: b.answer}
	if b.form != nil && (b.answer == nil || b.answer.At != 0) {
		asked.Form = &invitations.Form{}
	}
	return asked, nil
}

func (b *book) Answer(_ context.Context, token, at string) error {
	if token != "good" {
		return record.ErrLink
	}
	b.said = append(b.said, "at "+at)
	b.answer = &record.Answer{On: from.Unix()}
	switch at {
	case "":
	case "11:30":
		b.answer.At = from.Add(150 * time.Minute).Unix()
	default:
		return lang.Problem{Key: "invitations.clock", Field: "at"}
	}
	return nil
}

func newPage(t *testing.T, languages ...lang.Locale) (*book, http.Handler) {
	t.Helper()
	b := &book{}
	h, err := guest.New(guest.Config{
		Invitations: b, InWords: func(err error) error { return err }, CampusName: "Ekudden", Zone: time.UTC, Languages: languages,
		Clock: func() time.Time { return from.Add(-time.Hour) }, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, h
}

func TestOnlyAPressSaysAnything(t *testing.T) {
	b, h := newPage(t)
	do := func(method, path string, status int, form url.Values, texts ...string) {
		t.Helper()
		req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		if method == "POST" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != status {
			t.Errorf("%s %s: %d, want %d", method, path, w.Code, status)
		}
		for _, s := range texts {
			if !strings.Contains(w.Body.String(), s) {
				t.Errorf("%s %s has no %q in\n%s", method, path, s, w.Body)
			}
		}
	}
	do("GET", "/i/good?lang=en", 200, nil, "Your visit", "Ekudden, Norra, Östra grinden", `value="09:00"`, "I cannot come")
	do("GET", "/i/good?lang=sv", 200, nil, "Ditt besök", "Jag kan inte komma")
	do("GET", "/i/other?lang=en", 422, nil, "not copied whole")
	if len(b.said) != 0 {
		t.Fatal("looking says something")
	}
	do("POST", "/i/good?lang=en", 422, url.Values{"do": {"at"}, "at": {"later"}, "lang": {"en"}}, "could not be read", `value="later"`)
	do("POST", "/i/good?lang=en", 422, url.Values{"do": {"at"}, "lang": {"en"}}, "could not be read")
	do("POST", "/i/good?lang=en", 303, url.Values{"do": {"at"}, "at": {"11:30"}, "lang": {"en"}})
	do("GET", "/i/good?lang=en", 200, nil, "you come at 11:30", `value="11:30"`)
	do("POST", "/i/good?lang=en", 303, url.Values{"do": {"no"}, "at": {"11:30"}, "lang": {"en"}})
	do("GET", "/i/good?lang=sv", 200, nil, "Du har lämnat återbud")
	if got := strings.Join(b.said, ", "); got != "at later, at 11:30, at " {
		t.Error(got)
	}
}

func TestItSpeaksWhatIsOffered(t *testing.T) {
	_, all := newPage(t)
	_, few := newPage(t, lang.Finnish, lang.Swedish)
	for _, x := range []struct {
		h      http.Handler
		choice string
		texts  []string
	}{
		{all, "sv-simple", []string{`lang="sv-simple"`, `dir="ltr"`, "Jag kommer klockan"}},
		{all, "fi", []string{`lang="fi"`, "27.11.2026 09.00–12.00", "En pääse tulemaan"}},
		{all, "ar", []string{`lang="ar"`, `dir="rtl"`, "لا يمكنني الحضور"}},
		{few, "ar", []string{`lang="fi"`, `dir="ltr"`, "En pääse tulemaan"}},
	} {
		w := httptest.NewRecorder()
		x.h.ServeHTTP(w, httptest.NewRequest("GET", "/i/good?lang="+x.choice, nil))
		for _, s := range x.texts {
			if !strings.Contains(w.Body.String(), s) {
				t.Errorf("%s has no %q in\n%s", x.choice, s, w.Body)
			}
		}
	}
}

// TestFlows answers an invitation by touch on a telephone and by keyboard at a desk, in
// Swedish and in Arabic; its page must be free of what axe finds. With UPPROP_SHOTS it
// keeps pictures.
func TestFlows(t *testing.T) {
	b := browsertest.Start(t)
	words, err := lang.LoadVisitors(nil, guest.Words())
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range []lang.Locale{lang.Swedish, lang.Arabic, lang.Swedish, lang.Arabic} {
		said, h := newPage(t)
		srv := httptest.NewServer(h)
		defer srv.Close()
		look, hand := browsertest.Look{Width: 360, Height: 740, Dark: i == 0}, browsertest.Finger
		if i > 1 {
			look, hand = browsertest.Look{Dark: i == 3}, browsertest.Keyboard
		}
		p := b.Page(t, look)
		w := browsertest.Walk{Page: p, Hand: hand, URL: srv.URL, Lang: string(l), Dir: l.Dir(), Words: func(key string) string { return words.Text(l, key, nil) }}
		w.See = func(face string) {
			what := face + "-" + string(hand) + "-" + string(l)
			p.Axe(what)
			p.Fits(what)
			p.Targets(what, "60")
			p.Weight(what, 150_000)
			if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
				p.Shot(filepath.Join(shots, what+".png"))
			}
		}
		w.Go(browsertest.Flow{Name: "answers an invitation", From: "/i/good?lang={lang}", Steps: []browsertest.Step{
			browsertest.Stands("guest", "#at", "guest.link"),
			browsertest.Write("#at", "later"), browsertest.Press("button[value=at]"), browsertest.Stands("guest-fault", ".fault", "invitations.clock"),
			browsertest.Write("#at", "11:30"), browsertest.Press("button[value=at]"), browsertest.Stands("guest-at", "[role=status]", "guest.told_at"),
			browsertest.Press("button[value=no]"), browsertest.Stands("guest-no", "[role=status]", "guest.told_no"),
		}})
		if got := strings.Join(said.said, ", "); got != "at later, at 11:30, at " {
			t.Errorf("%s in %s: %s", hand, l, got)
		}
	}
}

// TestFormsLook runs axe over the page with what is filled in before coming. With
// UPPROP_SHOTS it keeps pictures.
func TestFormsLook(t *testing.T) {
	b := browsertest.Start(t)
	said, h := newPage(t)
	srv := httptest.NewServer(h)
	defer srv.Close()
	p := b.Page(t, browsertest.Look{Width: 390, Height: 844})
	for _, x := range []struct {
		lang, size string
		look       browsertest.Look
	}{
		{"sv", "phone", browsertest.Look{Width: 390, Height: 844, Dark: true}},
		{"en", "desktop", browsertest.Look{Width: 1440, Height: 900}},
		{"ar", "phone", browsertest.Look{Width: 390, Height: 844}},
	} {
		said.answer, said.form = nil, form()
		if x.lang == "en" {
			said.form.Filled, said.form.Signed = from.Add(-48*time.Hour), kiosk.Signatures{{Document: "rules", Hash: "r-en", At: from.Add(-48 * time.Hour)}}
		}
		p.Look(x.look)
		p.Goto(srv.URL + "/i/good?lang=" + x.lang)
		p.Axe(x.size)
		p.Fits(x.size)
		if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
			// A picture of more than the window is off to one side where a page is written
			// from the right.
			shot := p.Screenshot
			if x.lang == "ar" {
				shot = p.Shot
			}
			shot(filepath.Join(shots, "guest-"+x.size+"-"+x.lang+".png"))
		}
	}
}
