package kiosk_test

import (
	"bufio"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
)

// visitor walks through the screens as a browser without script does.
type visitor struct {
	t    *testing.T
	k    *kiosk.Kiosk
	form string // the one-time id of the last form seen
	res  *httptest.ResponseRecorder
	urls []string
}

var hiddenForm = regexp.MustCompile(`name="form" value="([^"]+)"`)

func (v *visitor) send(method, path, body string) {
	v.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	v.res = httptest.NewRecorder()
	v.k.ServeHTTP(v.res, r)
	v.urls = append(v.urls, path, v.res.Header().Get("Location"))
	if m := hiddenForm.FindStringSubmatch(v.res.Body.String()); m != nil {
		v.form = m[1]
	}
}

func (v *visitor) get(path string) { v.t.Helper(); v.send(http.MethodGet, path, "") }

// post sends fields given as "k=v" pairs as a form; "$form" is the id of the
// last form seen.
func (v *visitor) post(path string, fields ...string) {
	v.t.Helper()
	f := url.Values{}
	for _, kv := range fields {
		k, val, _ := strings.Cut(kv, "=")
		f.Set(k, strings.ReplaceAll(val, "$form", v.form))
	}
	v.send(http.MethodPost, path, f.Encode())
}

func (v *visitor) follow() {
	v.t.Helper()
	to := v.res.Header().Get("Location")
	if v.res.Code != http.StatusSeeOther || to == "" {
		v.t.Fatalf("nothing to follow: status %d", v.res.Code)
	}
	v.get(to)
}

// text is the page as it reads, with entities resolved.
func (v *visitor) text() string { return html.UnescapeString(v.res.Body.String()) }

// TestFlows plays the scripts in testdata/flows. A line is
//
//	get PATH | post PATH k=v|k=v… | follow        a step
//	status N | see TEXT | not TEXT | raw TEXT     what must (not) be there
//	arrivals N                                    how many the house has
//	asked CODE                                    what reached the house last
func TestFlows(t *testing.T) {
	scripts, err := filepath.Glob("testdata/flows/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts (%v)", err)
	}
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			k, h, _ := door(t)
			v := &visitor{t: t, k: k}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			for n := 1; lines.Scan(); n++ {
				line := strings.TrimSpace(lines.Text())
				if line == "" || line[0] == '#' {
					continue
				}
				word, rest, _ := strings.Cut(line, " ")
				ok := true
				switch word {
				case "get":
					v.get(rest)
				case "post":
					to, fields, _ := strings.Cut(rest, " ")
					v.post(to, strings.Split(fields, "|")...)
				case "follow":
					v.follow()
				case "status":
					ok = strconv.Itoa(v.res.Code) == rest
				case "see":
					ok = strings.Contains(v.text(), rest)
				case "not":
					ok = !strings.Contains(v.text(), rest)
				case "raw":
					ok = strings.Contains(v.res.Body.String(), rest)
				case "arrivals":
					ok = strconv.Itoa(len(h.checkedIn())) == rest
				case "asked":
					ok = len(h.asked) > 0 && h.asked[len(h.asked)-1] == rest
				default:
					t.Fatalf("%s:%d: no such step: %s", path, n, word)
				}
				if !ok {
					t.Fatalf("%s:%d: %s\nstatus %d\n%s", path, n, line, v.res.Code, v.res.Body)
				}
			}
		})
	}
}
