package evac_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stream collects what a live page gets.
type stream struct {
	mu   sync.Mutex
	head http.Header
	b    strings.Builder
}

func (s *stream) Header() http.Header { return s.head }
func (s *stream) WriteHeader(int)     {}
func (s *stream) Flush()              {}
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// take is what has come since the last take.
func (s *stream) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.b.String()
	s.b.Reset()
	return text
}

// watch opens a live stream in a bubble of time. The returned function ends it
// and waits.
func watch(t *testing.T, h http.Handler, path string) (*stream, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &stream{head: http.Header{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(s, httptest.NewRequest("GET", "http://localhost"+path, nil).WithContext(ctx))
	}()
	synctest.Wait()
	return s, func() { cancel(); <-done }
}

func pass(d time.Duration) {
	time.Sleep(d) // inside a bubble: no time passes outside
	synctest.Wait()
}

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.now = time.Now
		gate := evac.Entrance{Node: node(2), Name: "Östra grinden", CompleteAsOf: time.Now(), LastHeard: time.Now()}
		h.hear(evac.Entrance{Node: node(1), Name: "Här", Here: true, CompleteAsOf: at}, gate)
		first, second := present(1, 1, "Plan 2"), present(2, 1, "Plan 2")
		h.add(first, &record.Card{Name: "Anna Öberg"})
		h.add(present(3, 1, "Plan 3"), &record.Card{Name: "Ulla Stilla"})
		s, _ := muster(t, h, func(c *evac.Config) { c.Zone = time.UTC })
		got, end := watch(t, s, "/warden/live?lang=sv")

		text := got.take()
		for _, want := range []string{"event: part", `id="truth"`, "2 inne.", `id="doors"`, `id="tabs"`, "event: data", `"all":true,"count":2`, "Anna Öberg", "Ulla Stilla"} {
			if !strings.Contains(text, want) {
				t.Errorf("the stream begins without %q:\n%s", want, text)
			}
		}
		if got.head.Get("Content-Type") != "text/event-stream" {
			t.Errorf("headers %v", got.head)
		}

		// A second in which nothing happens is told, and costs little.
		pass(time.Second + time.Millisecond)
		if text = got.take(); strings.Count(text, "event: part") != 1 || strings.Contains(text, "Öberg") || !strings.Contains(text, `id="truth"`) {
			t.Errorf("a quiet second: %s", text)
		}

		// A change is told at once, and only where it is.
		h.add(second, &record.Card{Name: "Bo Ny"})
		pass(300 * time.Millisecond)
		text = got.take()
		if !strings.Contains(text, "3 inne.") || !strings.Contains(text, "Bo Ny") || strings.Contains(text, "Ulla Stilla") {
			t.Errorf("an arrival: %s", text)
		}
		h.remove(second.Visit)
		pass(300 * time.Millisecond)
		if text = got.take(); !strings.Contains(text, "2 inne.") || strings.Contains(text, "Bo Ny") || strings.Contains(text, "Öberg") || !strings.Contains(text, `"gone":["`+second.Visit.String()+`"]`) {
			t.Errorf("a departure: %s", text)
		}

		// News grows old by itself.
		pass(10 * time.Second)
		if text = got.take(); !strings.Contains(text, "Östra grinden är komplett bara till") {
			t.Errorf("a gate fell behind: %s", text)
		}
		pass(time.Minute)
		text = got.take()
		if !strings.Contains(text, "Östra grinden hördes senast") || !strings.Contains(text, ": beat") {
			t.Errorf("a gate fell silent: %s", text)
		}

		// An erased name goes without any change of presence.
		h.shred(first.Visit)
		pass(5*time.Second + time.Millisecond)
		if text = got.take(); !strings.Contains(text, `"rows":[["`+first.Visit.String()) || strings.Contains(text, "Öberg") {
			t.Errorf("an erasure: %s", text)
		}
		pass(10 * time.Second)
		if text = got.take(); strings.Contains(text, "Öberg") {
			t.Errorf("an erased name is told: %s", text)
		}
		end()
	})
}

// TestOneAlone: a change that comes alone is told at once, and those that
// follow on its heels a little later, together.
func TestOneAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.now = time.Now
		s, _ := muster(t, h)
		got, end := watch(t, s, "/warden/live?lang=en")
		pass(3*time.Second + 500*time.Millisecond)
		got.take()
		h.add(present(1, 1, "Plan 2"), nil)
		pass(11 * time.Millisecond)
		if text := got.take(); !strings.Contains(text, "1 inside.") {
			t.Errorf("one alone: %q", text)
		}
		h.add(present(2, 1, "Plan 2"), nil)
		pass(100 * time.Millisecond)
		h.add(present(3, 1, "Plan 2"), nil)
		if text := got.take(); text != "" {
			t.Errorf("a rush is told one by one: %q", text)
		}
		pass(101 * time.Millisecond)
		if text := got.take(); !strings.Contains(text, "3 inside.") || strings.Contains(text, "2 inside.") {
			t.Errorf("two on its heels: %q", text)
		}
		end()
	})
}

// TestRush: many changes cost few lists, and the last one is told.
func TestRush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.now = time.Now
		s, _ := muster(t, h)
		got, end := watch(t, s, "/warden/live?lang=en")
		got.take()
		for n := range byte(200) {
			h.add(present(n, 1, "A"), nil)
			time.Sleep(time.Millisecond)
		}
		pass(400 * time.Millisecond)
		text := got.take()
		if n := strings.Count(text, "event: part"); n > 4 || !strings.Contains(text, "200 inside.") {
			t.Errorf("%d events; ends with %q", n, truthOf(t, text[strings.LastIndex(text, "event: part"):]))
		}
		end()
	})
}

// TestWithheldWhileLive: the right to see names is asked for again and again.
func TestWithheldWhileLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		h.now = time.Now
		h.add(present(1, 1, "A"), &record.Card{Name: "Markernamn"})
		var mu sync.Mutex
		hidden := false
		s, _ := muster(t, h, func(c *evac.Config) {
			c.Withhold = func(*http.Request) bool { mu.Lock(); defer mu.Unlock(); return hidden }
		})
		got, end := watch(t, s, "/warden/live?lang=sv")
		if !strings.Contains(got.take(), "Markernamn") {
			t.Error("no name to begin with")
		}
		mu.Lock()
		hidden = true
		mu.Unlock()
		pass(6 * time.Second)
		if text := got.take(); !strings.Contains(text, "Namnen är dolda") {
			t.Errorf("names stay: %s", text)
		}
		pass(6 * time.Second)
		if text := got.take(); strings.Contains(text, "Markernamn") {
			t.Error("a hidden name is told")
		}
		end()
	})
}
