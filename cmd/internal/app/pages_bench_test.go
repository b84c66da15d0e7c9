package app

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// crowded is a desk with 10,000 people inside, and an operator signed in.
func crowded(b *testing.B) (a *App, visitor, operator *http.Client) {
	b.Helper()
	dir := b.TempDir()
	if err := node.Init(node.InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Zone: "House A", Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		b.Fatal(err)
	}
	a, stop := started(b, dir)
	b.Cleanup(stop)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range inside / 50 {
				if _, err := a.Node().Visits().CheckIn(context.Background(), visits.Arrival{Name: "Åsa-Lena Öberg", Company: "Ekström & Söner AB", Host: "Karin Lindqvist"}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	const password = "mossa gitarr ponton"
	if _, _, err := a.Node().Operators().Add(b.Context(), "", "boss", operators.Admin, password); err != nil {
		b.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	operator = &http.Client{Jar: jar}
	if page := asked(b, operator, "POST", a.URL()+"login?lang=en", url.Values{"alias": {"boss"}, "password": {password}}); strings.Contains(page, `name="password"`) {
		b.Fatal("not signed in")
	}
	return a, &http.Client{}, operator
}

func asked(b *testing.B, c *http.Client, method, at string, form url.Values) string {
	b.Helper()
	req, err := http.NewRequest(method, at, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 400 {
		b.Fatal(at, res.StatusCode, err, string(body[:min(len(body), 400)]))
	}
	return string(body)
}

// BenchmarkPages10000 is how long a node with 10,000 people inside takes for
// each of its pages, read to the end, in the round: the first, the 50th and 99th
// of the 100 after it, and the size of the page. Beside it: a bare request. The
// first look at the desk has its cards opened ahead, which the first search
// waits for; "cold" is a search that finds none open.
func BenchmarkPages10000(b *testing.B) {
	a, visitor, operator := crowded(b)
	for _, page := range []struct {
		name, method, path string
		form               url.Values
		as                 *http.Client
	}{
		{"empty-request", "GET", "healthz", nil, visitor},
		{"kiosk", "GET", "kiosk?lang=sv", nil, visitor},
		{"arrive", "GET", "kiosk/arrive?lang=sv", nil, visitor},
		{"leave", "GET", "kiosk/leave?lang=sv", nil, visitor},
		{"desk-search-cold", "POST", "desk/find?lang=sv", url.Values{"q": {"oberg"}}, operator},
		{"desk", "GET", "desk?lang=sv", nil, operator},
		{"desk-search", "POST", "desk/find?lang=sv", url.Values{"q": {"oberg"}}, operator},
		{"admin", "GET", "admin?lang=sv", nil, operator},
	} {
		b.Run(page.name, func(b *testing.B) {
			if page.name == "desk-search-cold" {
				a.Node().Visits().Forget()
			}
			var took []time.Duration
			size, began := 0, time.Now()
			asked(b, page.as, page.method, a.URL()+page.path, page.form)
			first := time.Since(began)
			if page.name == "desk" {
				time.Sleep(5 * time.Second)
			}
			used := processorTime(b)
			for range 100 {
				began := time.Now()
				size = len(asked(b, page.as, page.method, a.URL()+page.path, page.form))
				took = append(took, time.Since(began))
			}
			used = processorTime(b) - used
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
			b.ReportMetric(float64(took[50].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[98].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(used.Microseconds())/1000/100, "cpu-ms")
			b.ReportMetric(float64(size)/1000, "kB")
		})
	}
}

// BenchmarkFirstPaint is how long Chromium takes, on a processor six times
// slower than this one, until something of a page is seen.
func BenchmarkFirstPaint(b *testing.B) {
	a, _, _ := crowded(b)
	p := browsertest.Start(b).Page(b, browsertest.Look{})
	p.Slow(6)
	for _, path := range []string{"kiosk", "kiosk/arrive", "kiosk/leave", "warden"} {
		b.Run(strings.ReplaceAll(path, "/", "-"), func(b *testing.B) {
			var took []time.Duration
			for range 10 {
				p.Goto(a.URL() + path + "?lang=sv")
				took = append(took, p.FirstPaint())
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[5].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[9].Microseconds())/1000, "max-ms")
		})
	}
}
