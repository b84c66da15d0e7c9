package app

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// inside is how many are inside in what follows.
const inside = 10_000

// benchPIN is the PIN of the handheld.
const benchPIN = "1234"

// handheld is the folder of a warden's handheld that knows 10,000 people who are
// inside, and of an evacuation. Nobody else of its campus runs any more.
func handheld(b *testing.B) string {
	b.Helper()
	desk := b.TempDir()
	if err := node.Init(node.InitOptions{Dir: desk, Campus: "Ekudden", Name: "Reception", Zone: "House A", Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		b.Fatal(err)
	}
	a, stop := started(b, desk)
	defer stop()
	tok, err := a.Node().CreateToken(node.TokenOptions{Role: identity.RoleWarden, Name: "Warden 1"})
	if err != nil {
		b.Fatal(err)
	}
	dir := filepath.Join(b.TempDir(), "warden")
	if _, err := node.Enroll(b.Context(), node.EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		b.Fatal(err)
	}
	w, stopWarden := started(b, dir)
	defer stopWarden()
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
	if _, err := a.Node().Alarm().Start(b.Context(), false, ""); err != nil {
		b.Fatal(err)
	}
	if err := w.Node().PIN().Set([]byte(benchPIN)); err != nil {
		b.Fatal(err)
	}
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Second) {
		if _, n := people(b, w); n == inside {
			break
		} else if time.Now().After(end) {
			b.Fatalf("the handheld names %d", n)
		}
	}
	return dir
}

// started runs an App on a folder until stop is called.
func started(b *testing.B, dir string) (a *App, stop func()) {
	b.Helper()
	a, err := Open(Config{Node: node.Config{Dir: dir}, NoSocket: true})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return a, func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := a.Close(); err != nil {
			b.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	}
}

// fetched is what the App answers over HTTP on its own machine.
func fetched(b *testing.B, a *App, method, path string, form url.Values) string {
	b.Helper()
	req, err := http.NewRequest(method, a.URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+a.Token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatal(path, res.StatusCode, err)
	}
	return string(body)
}

// people are how many the list of an App has, and how many of them by name.
func people(b *testing.B, a *App) (all, named int) {
	b.Helper()
	var l struct{ People []struct{ Name *string } }
	if err := json.Unmarshal([]byte(fetched(b, a, "GET", "api/v1/muster", nil)), &l); err != nil {
		b.Fatal(err)
	}
	for _, p := range l.People {
		if p.Name != nil {
			named++
		}
	}
	return len(l.People), named
}

// readAll reads a folder, byte by byte: no list of what is in it can come
// sooner from a cold disk.
func readAll(b *testing.B, dir string) time.Duration {
	b.Helper()
	began := time.Now()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(io.Discard, f)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// processorTime is what this process has used of processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkListFromCold opens a handheld with 10,000 people inside, alone, and
// measures until its page is served, until it has names on it (the PIN is given
// at once; who may have been erased is waited for by rule), and how long the
// whole list takes as JSON then. The page must be there within 2 s. Beside it:
// how long it takes to read all that is on the disk.
func BenchmarkListFromCold(b *testing.B) {
	dir := handheld(b)
	var list, used, names, wire, read []time.Duration
	b.ResetTimer()
	for b.Loop() {
		read = append(read, readAll(b, dir))
		began, before := time.Now(), processorTime(b)
		a, stop := started(b, dir)
		page := fetched(b, a, "GET", "warden?lang=en", nil)
		list, used = append(list, time.Since(began)), append(used, processorTime(b)-before)
		if !strings.Contains(page, "10000") && !strings.Contains(page, "10,000") {
			b.Fatal("the first page does not count everybody")
		}
		if err := a.Node().PIN().Unlock([]byte(benchPIN)); err != nil {
			b.Fatal(err)
		}
		for {
			changed := a.Node().NamesChanged()
			if ok, _ := a.Node().Names(); ok {
				break
			}
			<-changed
		}
		if !strings.Contains(fetched(b, a, "GET", "warden?lang=en", nil), "Öberg") {
			b.Fatal("the page has no names")
		}
		names = append(names, time.Since(began))
		began = time.Now()
		if all, named := people(b, a); all != inside || named != inside {
			b.Fatalf("%d people, %d by name", all, named)
		}
		wire = append(wire, time.Since(began))
		stop()
	}
	report(b, "list", list)
	report(b, "list-cpu", used)
	report(b, "names", names)
	report(b, "json", wire)
	report(b, "read-disk", read)
}

// BenchmarkSearchWithoutScript is one search by a browser without script among
// 10,000 names. One with script asks nobody.
func BenchmarkSearchWithoutScript(b *testing.B) {
	a, stop := started(b, handheld(b))
	defer stop()
	if err := a.Node().PIN().Unlock([]byte(benchPIN)); err != nil {
		b.Fatal(err)
	}
	for _, named := people(b, a); named != inside; _, named = people(b, a) {
		time.Sleep(100 * time.Millisecond)
	}
	var took, pages []time.Duration
	b.ResetTimer()
	for b.Loop() {
		began := time.Now()
		if !strings.Contains(fetched(b, a, "POST", "warden/find?lang=en", url.Values{"q": {"oberg"}}), "Öberg") {
			b.Fatal("not found")
		}
		took = append(took, time.Since(began))
		began = time.Now()
		fetched(b, a, "GET", "healthz", nil)
		pages = append(pages, time.Since(began))
	}
	report(b, "search", took)
	report(b, "empty-request", pages)
}

// report gives the median and the worst in milliseconds.
func report(b *testing.B, name string, ds []time.Duration) {
	b.Helper()
	slices.Sort(ds)
	b.ReportMetric(float64(ds[len(ds)/2].Microseconds())/1000, name+"-p50-ms")
	b.ReportMetric(float64(ds[len(ds)-1].Microseconds())/1000, name+"-max-ms")
}

// BenchmarkMarkOnScreen10000 measures from the moment in which a warden marks
// until the browser of another handheld is told, with 10,000 people inside and
// one mark at a time. Beside it: a bare request.
func BenchmarkMarkOnScreen10000(b *testing.B) {
	a, stop := started(b, handheld(b))
	defer stop()
	if err := a.Node().PIN().Unlock([]byte(benchPIN)); err != nil {
		b.Fatal(err)
	}
	for _, named := people(b, a); named != inside; _, named = people(b, a) {
		time.Sleep(100 * time.Millisecond)
	}
	open := a.Node().Replica().Open()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", a.URL()+"warden/live?lang=en", nil)
	if err != nil {
		b.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 64<<20)
	told := func(of string) time.Time {
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: {") && strings.Contains(lines.Text(), of) {
				return time.Now()
			}
		}
		b.Fatal("the stream has ended", lines.Err())
		return time.Time{}
	}
	told(`"all":true`)
	var took, bare []time.Duration
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		v := open[i%len(open)].Visit
		time.Sleep(250 * time.Millisecond) // one at a time: a rush is gathered
		began := time.Now()
		mark := record.Safe
		if i >= len(open) {
			mark = record.Missing
		}
		if _, err := a.Node().Alarm().Mark(ctx, alarm.MarkRequest{Code: record.Code{Visit: v, Badge: v.Badge()}, Mark: mark, How: "screen"}); err != nil {
			b.Fatal(err)
		}
		took = append(took, told(v.String()).Sub(began))
		began = time.Now()
		fetched(b, a, "GET", "healthz", nil)
		bare = append(bare, time.Since(began))
	}
	report(b, "screen", took)
	report(b, "empty-request", bare)
}
