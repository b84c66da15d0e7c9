package printer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is an IPP printer: it reads what it is sent as RFC 8010 has it.
type fake struct {
	*httptest.Server
	mu     sync.Mutex
	status uint16
	attrs  map[string]string
	papers [][]byte
}

func newFake(t *testing.T) *fake {
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/ipp" || r.Method != "POST" || r.URL.Path != "/ipp/print" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		attrs, doc, err := parseIPP(b)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.attrs = attrs
		if f.status < firstNotOK {
			f.papers = append(f.papers, doc)
		}
		w.Header().Set("Content-Type", "application/ipp")
		answer := binary.BigEndian.AppendUint16([]byte{2, 0}, f.status)
		_, _ = w.Write(append(append(answer, b[4:8]...), groupOp, groupEnd))
	}))
	t.Cleanup(f.Close)
	return f
}

// parseIPP reads a Print-Job request.
func parseIPP(b []byte) (attrs map[string]string, doc []byte, err error) {
	bad := errors.New("not a Print-Job")
	if len(b) < 9 || b[0] != 2 || binary.BigEndian.Uint16(b[2:]) != 0x0002 || b[8] != 1 {
		return nil, nil, bad
	}
	attrs = map[string]string{}
	var order []string
	take := func(n int) (x []byte) {
		if n > len(b) {
			n = len(b)
		}
		x, b = b[:n], b[n:]
		return x
	}
	take(9)
	for len(b) > 0 {
		if tag := take(1); tag[0] == 3 {
			if strings.Join(order[:3], " ") != "attributes-charset attributes-natural-language printer-uri" {
				return nil, nil, bad
			}
			return attrs, bytes.Clone(b), nil
		}
		name := string(take(int(binary.BigEndian.Uint16(take(2)))))
		attrs[name] = string(take(int(binary.BigEndian.Uint16(take(2)))))
		order = append(order, name)
	}
	return nil, nil, bad
}

func (f *fake) set(status uint16) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status = status
}

func (f *fake) got() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.papers)
}

func (f *fake) address() string { return strings.Replace(f.URL, "http://", "ipp://", 1) + "/ipp/print" }

// alarm is what runs.
type alarm struct {
	mu      sync.Mutex
	e       record.Evacuation
	on      bool
	changed chan struct{}
}

func (a *alarm) ring(id byte, drill, on bool, more ...byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.e, a.on = record.Evacuation{ID: record.EvacID{id}, Drill: drill}, on
	for _, n := range append([]byte{id}, more...) {
		a.e.Starts = append(a.e.Starts, record.Start{ID: record.EvacID{n}, Drill: drill})
	}
	close(a.changed)
	a.changed = make(chan struct{})
}

func (a *alarm) open(file string) *Service {
	return Open(Config{
		File: file,
		Running: func() (record.Evacuation, bool) {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.e, a.on
		},
		Changed: func() <-chan struct{} {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.changed
		},
	})
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never:", what)
		}
	}
}

func TestPrintsOnAlarm(t *testing.T) {
	f, a := newFake(t), &alarm{changed: make(chan struct{})}
	file := filepath.Join(t.TempDir(), "printer.json")
	s := a.open(file)
	if err := s.Print(t.Context()); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if err := s.Set("", Settings{Printer: f.address(), Lang: "sv"}); err != nil {
		t.Fatal(err)
	}
	s = a.open(file) // what is set is kept
	paper := bytes.Repeat([]byte("%PDF "), 20_000)
	var lang string
	s.Make(func(l string) ([]byte, error) { lang = l; return paper, nil })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	a.ring(1, true, true) // a drill
	a.ring(2, false, true)
	await(t, "printed", func() bool { return f.got() == 1 })
	if lang != "sv" || !bytes.Equal(f.papers[0], paper) || f.attrs["printer-uri"] != f.address() || f.attrs["document-format"] != "application/pdf" {
		t.Error(lang, f.attrs, len(f.papers[0]))
	}
	a.ring(2, false, true) // something else has changed
	await(t, "on record", func() bool { _, st := s.Settings(); return !st.Printed.IsZero() })
	// A printer that fails is tried again, and holds up nothing.
	f.set(0x0506)
	a.ring(3, false, true)
	await(t, "the failure is known", func() bool { _, st := s.Settings(); return !st.Failed.IsZero() })
	if _, st := s.Settings(); !strings.Contains(st.Why, "0x0506") || f.got() != 1 {
		t.Error(st, f.got())
	}
	f.set(0)
	await(t, "printed when it works", func() bool { return f.got() == 2 })
	await(t, "it works", func() bool { _, st := s.Settings(); return st.Failed.IsZero() })
	// One that is set while the alarm runs prints at once, a drill too if so set.
	a.ring(4, true, true)
	if err := s.Set("", Settings{Printer: f.address(), Lang: "en", Drills: true}); err != nil {
		t.Fatal(err)
	}
	await(t, "printed in a drill", func() bool { return f.got() == 3 })
	if err := s.Remove(""); err != nil {
		t.Fatal(err)
	}
	if to, _ := a.open(file).Settings(); to.Printer != "" {
		t.Error(to)
	}
}

// While the alarm runs the list is printed anew; a real alarm in a drill waits for
// no turn; and when it is over nothing is printed.
func TestPrintsAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "printer.json")
	synctest.Test(t, func(t *testing.T) {
		a := &alarm{changed: make(chan struct{})}
		s := a.open(file)
		var at []time.Duration
		began := time.Now()
		s.reach = func(context.Context, string) error { return nil }
		s.send = func(context.Context, string, string, []byte) error {
			at = append(at, time.Since(began).Truncate(time.Minute))
			return nil
		}
		s.Make(func(string) ([]byte, error) { return nil, nil })
		if err := s.Set("", Settings{Printer: "lp:A", Lang: "sv", EveryMinutes: 5, Drills: true}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		a.ring(1, true, true)
		time.Sleep(7 * time.Minute)
		a.ring(2, false, true)
		time.Sleep(6 * time.Minute)
		a.ring(2, false, false)
		time.Sleep(time.Hour)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if want := []time.Duration{0, 5 * time.Minute, 7 * time.Minute, 12 * time.Minute}; !slices.Equal(at, want) {
			t.Error(at)
		}
	})
}

func TestWhyNot(t *testing.T) {
	a := &alarm{changed: make(chan struct{})}
	s := a.open(filepath.Join(t.TempDir(), "printer.json"))
	s.Make(func(string) ([]byte, error) { return []byte("%PDF"), nil })
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	text := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hi")) }))
	defer text.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	for to, why := range map[string]string{
		"ipp://127.0.0.1:1/x":                              "cannot be reached",
		strings.Replace(web.URL, "http", "ipp", 1) + "/x":  "HTTP 404",
		strings.Replace(text.URL, "http", "ipp", 1) + "/x": "not IPP",
		strings.Replace(secure.URL, "https", "ipps", 1):    "certificate",
	} {
		if err := s.Set("", Settings{Printer: to, Lang: "en"}); err != nil {
			t.Fatal(to, err)
		}
		var p *Problem
		if err := s.Print(t.Context()); !errors.As(err, &p) || p.Key != "printer.failed" || !strings.Contains(p.Hint, why) {
			t.Errorf("%s: %v", to, err)
		}
	}
	for _, x := range []Settings{
		{},
		{Printer: "http://x", Lang: "sv"},
		{Printer: "lp:", Lang: "sv"},
		{Printer: "lp:-o x", Lang: "sv"},
		{Printer: "ipp://u:p@x/y", Lang: "sv"},
		{Printer: "lp:A", Lang: "de"},
		{Printer: "lp:A", Lang: "sv", EveryMinutes: -1},
		{Printer: "lp:A", Lang: "sv", EveryMinutes: 121},
	} {
		var p *Problem
		if err := s.Set("", x); !errors.As(err, &p) {
			t.Errorf("%+v: %v", x, err)
		}
	}
	if err := os.WriteFile(s.cfg.File, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if to, st := a.open(s.cfg.File).Settings(); !st.Damaged || to.Printer != "" {
		t.Error(to, st)
	}
}

// A queue of CUPS is given the paper on standard input.
func TestByCommand(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > " + dir + "/args\ncat > " + dir + "/paper\n[ \"$3\" = Reception ]\n"
	if err := os.WriteFile(filepath.Join(dir, "lp"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := send(t.Context(), "lp:Reception", "Upprop", []byte("%PDF x")); err != nil {
		t.Fatal(err)
	}
	paper, _ := os.ReadFile(filepath.Join(dir, "paper"))
	args, _ := os.ReadFile(filepath.Join(dir, "args"))
	if string(paper) != "%PDF x" || string(args) != "-s\n-d\nReception\n-t\nUpprop\n-\n" {
		t.Errorf("%q %q", paper, args)
	}
	if err := send(t.Context(), "lp:Nowhere", "Upprop", nil); !errors.Is(err, errCommand) {
		t.Error(err)
	}
}

// A printer that is off costs no paper on record, and what begins while another
// alarm stands is printed all the same.
func TestPrintsEveryAlarmAndNoneForNobody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "printer.json")
	synctest.Test(t, func(t *testing.T) {
		a := &alarm{changed: make(chan struct{})}
		s := a.open(file)
		var off atomic.Bool
		var made, sent atomic.Int32
		off.Store(true)
		s.reach = func(context.Context, string) error {
			if off.Load() {
				return errUnreachable
			}
			return nil
		}
		s.send = func(context.Context, string, string, []byte) error { sent.Add(1); return nil }
		s.Make(func(string) ([]byte, error) { made.Add(1); return nil, nil })
		if err := s.Set("", Settings{Printer: "lp:A", Lang: "sv"}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		a.ring(1, false, true)
		time.Sleep(time.Hour)
		if _, st := s.Settings(); made.Load() != 0 || st.Failed.IsZero() {
			t.Errorf("%d papers were made for a printer that is off", made.Load())
		}
		off.Store(false)
		time.Sleep(2 * time.Minute)
		a.ring(1, false, true, 2)
		time.Sleep(time.Minute)
		cancel()
		if err := <-done; err != nil || sent.Load() != 2 || made.Load() != 2 {
			t.Errorf("%d papers were made and %d sent, of two alarms: %v", made.Load(), sent.Load(), err)
		}
	})
}
