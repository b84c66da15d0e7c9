package host_test

import (
	"context"
	"fmt"
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
	"github.com/upprop/upprop/kiosk/host"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node/invitations"
)

func TestCatalog(t *testing.T) {
	langtest.Lint(t, host.Words(), langtest.Sources{
		Templates: []fs.FS{webkit.Templates(), os.DirFS("pages")}, GoDirs: []string{".", "../../node/invitations"},
	})
}

var from = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// book is an invitation that waits, whose host has the link "good".
type book struct {
	state invitations.State
	said  []string
}

func (b *book) Ask(token string) (invitations.Ask, error) {
	if token != "good" {
		return invitations.Ask{}, record.ErrLink
	}
	return invitations.Ask{When: record.Span{From: from.Unix(), To: from.Add(3 * time.Hour).Unix()}, Place: record.Place{Site: "Norra"}, State: b.state}, nil
}

func (b *book) DecideByLink(_ context.Context, token string, welcome bool, reason string) error {
	if token != "good" {
		return record.ErrLink
	}
	if welcome && b.state == invitations.Refused {
		return lang.Problem{Key: "invitations.declined"}
	}
	b.said = append(b.said, fmt.Sprint(welcome, " ", reason))
	b.state = map[bool]invitations.State{true: invitations.Expected, false: invitations.Refused}[welcome]
	return nil
}

func newPage(t *testing.T) (*book, http.Handler) {
	t.Helper()
	b := &book{state: invitations.Waiting}
	h, err := host.New(host.Config{
		Invitations: b, InWords: func(err error) error { return err }, CampusName: "Ekudden", Zone: time.UTC,
		Clock: func() time.Time { return from.Add(-time.Hour) }, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, h
}

func TestOnlyAPressDecides(t *testing.T) {
	b, h := newPage(t)
	do := func(method, path string, status int, site string, form url.Values, texts ...string) {
		t.Helper()
		req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		if method == "POST" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", site)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != status {
			t.Errorf("%s %s: %d, want %d", method, path, w.Code, status)
		}
		for _, s := range texts {
			s, not := strings.CutPrefix(s, "!")
			if strings.Contains(w.Body.String(), s) == not {
				t.Errorf("%s %s: want %q: %v in\n%s", method, path, s, !not, w.Body)
			}
		}
	}
	for _, method := range []string{"GET", "HEAD"} {
		do(method, "/a/good?lang=en&do=approve", 200, "", nil)
	}
	do("GET", "/a/good?lang=en", 200, "", nil, "A visit to approve", "2026-11-27", "Ekudden, Norra", "Approve the visit", "I give no reason")
	do("GET", "/a/good?lang=sv", 200, "", nil, "Godkänn besöket")
	do("GET", "/a/other?lang=en", 422, "", nil, "not copied whole")
	do("POST", "/a/good", 403, "cross-site", url.Values{"do": {"approve"}})
	do("POST", "/a/good", 400, "same-origin", url.Values{"lang": {"en"}})
	if len(b.said) != 0 {
		t.Fatal("looking decides:", b.said)
	}
	do("POST", "/a/good", 303, "same-origin", url.Values{"do": {"approve"}, "lang": {"en"}})
	do("GET", "/a/good?lang=en", 200, "", nil, "The visit is approved", "!value=\"approve\"", "Decline the visit")
	do("POST", "/a/good", 303, "same-origin", url.Values{"do": {"decline"}, "reason": {record.AnotherTime}, "lang": {"en"}})
	do("GET", "/a/good?lang=en", 200, "", nil, "The visit is declined", "!<button class=\"button")
	do("POST", "/a/good", 422, "same-origin", url.Values{"do": {"approve"}, "lang": {"en"}}, "declined already")
	if got := strings.Join(b.said, ", "); got != "true , false another_time" {
		t.Error(got)
	}
}

// TestLook runs axe over the page at the size of a phone and of a desktop. With
// UPPROP_SHOTS it keeps pictures.
func TestLook(t *testing.T) {
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
	} {
		said.state = invitations.Waiting
		p.Look(x.look)
		p.Goto(srv.URL + "/a/good?lang=" + x.lang)
		p.Axe(x.size)
		p.Fits(x.size)
		if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
			p.Screenshot(filepath.Join(shots, "host-"+x.size+"-"+x.lang+".png"))
		}
		p.Click("button[value=approve]")
		p.Wait("[role=status]")
	}
}
