package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/node/api"
)

const staffPassword = "mossa gitarr ponton"

// staff is an operator who may all, at the screens of one node.
type staff struct {
	t      testing.TB
	base   string
	client *http.Client
}

// signIn signs the operator in that the campus has.
func (p *process) signIn(alias string) *staff {
	p.t.Helper()
	var s api.Status
	if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s); err != nil || s.HTTP == nil {
		p.t.Fatal("no screens: ", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	o := &staff{t: p.t, base: strings.TrimSuffix(*s.HTTP, "/"), client: &http.Client{Jar: jar, Timeout: time.Minute}}
	if body, at := o.post("/login", url.Values{"alias": {alias}, "password": {staffPassword}}); at != "/desk" {
		p.t.Fatalf("nobody is signed in at %s: %s", at, body)
	}
	return o
}

func (o *staff) do(req *http.Request) (body, at string) {
	o.t.Helper()
	res, err := o.client.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	if res.StatusCode >= 500 {
		o.t.Errorf("%s: status %d", req.URL.Path, res.StatusCode)
	}
	return string(b), res.Request.URL.Path
}

func (o *staff) get(path string) (body, at string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, o.base+path, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.do(req)
}

func (o *staff) post(path string, form url.Values) (body, at string) {
	o.t.Helper()
	form.Set("lang", "en")
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, o.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return o.do(req)
}

var linked = regexp.MustCompile(`(?:href|src)="(/[^"]*)"`)

// all reads every page that links lead to from the desk's, and what a search and
// the forms of a visit answer, by path.
func (o *staff) all(visit, badge string) map[string]string {
	o.t.Helper()
	out := map[string]string{}
	todo := []string{"/desk?lang=en", "/admin?lang=en", "/desk/rights?lang=en", "/desk/visit/" + visit + "?lang=en", "/desk/rights/visit/" + visit + "?lang=en"}
	seen, of := slices.Clone(todo), map[string]int{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		body, _ := o.get(path)
		out[path] = html.UnescapeString(body)
		for _, m := range linked.FindAllStringSubmatch(body, -1) {
			next, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			page, _, _ := strings.Cut(next, "?")
			skip := slices.Contains(seen, next) || of[page] > 5 || // as the days before and after
				strings.Contains(next, "/assets/") || strings.HasSuffix(page, "/live") ||
				strings.Contains(next, "lang=") && !strings.Contains(next, "lang=en") // the same page in another language
			if !skip {
				seen, todo = append(seen, next), append(todo, next)
				of[page]++
			}
		}
	}
	for _, f := range []struct {
		path string
		form url.Values
	}{
		{"/desk/find", url.Values{"q": {badge}}},
		{"/desk/rights/find", url.Values{"q": {badge}}},
		{"/desk/visit/" + visit + "/dossier", url.Values{}},
		{"/desk/rights/visit/" + visit + "/extract", url.Values{"form": {"text"}, "in": {"en"}}},
	} {
		body, _ := o.post(f.path, f.form)
		out["POST "+f.path] = html.UnescapeString(body)
	}
	return out
}

// strays reads all pages behind the sign-in and says what stands where it may not, or
// does not stand where it should: the extract alone holds what the extract may, the
// contact details are asked for one by one, and all other pages hold what lists do.
func (o *staff) strays(visit, badge string, words, lists, extract []string) (out []string) {
	o.t.Helper()
	pages := o.all(visit, badge)
	if len(pages) < 50 {
		out = append(out, fmt.Sprintf("%d pages were read", len(pages)))
	}
	at := "/desk/visit/" + visit
	dossier := extract
	if len(lists) == 0 { // restricted
		dossier = nil
	}
	for path, text := range pages {
		may, must := lists, []string(nil)
		switch path {
		case "/desk?lang=en", at + "?lang=en", "/warden?lang=en", "POST /desk/find":
			must = lists
		case "POST " + at + "/dossier":
			may, must = dossier, dossier
		case "POST /desk/rights/visit/" + visit + "/extract":
			may, must = extract, extract
		}
		for _, w := range words {
			there := strings.Contains(text, w)
			if there && !slices.Contains(may, w) || !there && slices.Contains(must, w) {
				out = append(out, fmt.Sprintf("%q in %s: %v", w, path, there))
			}
		}
	}
	return out
}
