package printer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// zebra is a printer on a raw socket: it answers ~HS, and keeps its labels.
type zebra struct {
	net.Listener
	mu     sync.Mutex
	status string
	labels []string
}

const ready = "\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"

func newZebra(t *testing.T, status string) *zebra {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zebra{Listener: l, status: status}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { z.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return z
}

func (z *zebra) serve(c net.Conn) {
	defer c.Close()
	ask := make([]byte, len("~HS\r\n"))
	if _, err := io.ReadFull(c, ask); err != nil || string(ask) != "~HS\r\n" {
		return
	}
	z.mu.Lock()
	status := z.status
	z.mu.Unlock()
	_, _ = io.WriteString(c, status)
	b, err := io.ReadAll(c)
	if err == nil && len(b) > 0 {
		z.mu.Lock()
		z.labels = append(z.labels, string(b))
		z.mu.Unlock()
	}
}

func (z *zebra) got() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return slices.Clone(z.labels)
}

func (z *zebra) addr() string { return "zpl://" + z.Addr().String() }

func TestZebra(t *testing.T) {
	z := newZebra(t, ready)
	if err := sendLabel(t.Context(), z.addr(), Label{ZPL: []byte("^XA^XZ\n")}); err != nil {
		t.Fatal(err)
	}
	if got := z.got(); len(got) != 1 || got[0] != "^XA^XZ\n" {
		t.Fatalf("%q", got)
	}
	for status, want := range map[string]string{
		"\x02030,1,0,1245\x03\r\n\x02000,0,0,0\x03\r\n\x021234,0\x03\r\n": "it is out of labels",
		"\x02030,0,1,1245\x03\r\n\x02000,0,0,0\x03\r\n\x021234,0\x03\r\n": "it is paused",
		"\x02030,0,0,1245\x03\r\n\x02000,0,1,0\x03\r\n\x021234,0\x03\r\n": "its head is open",
		"\x02030,0,0,1245\x03\r\n\x02000,0,0,1\x03\r\n\x021234,0\x03\r\n": "it is out of ribbon",
	} {
		z := newZebra(t, status)
		if err := sendLabel(t.Context(), z.addr(), Label{ZPL: []byte("^XA^XZ\n")}); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
		if len(z.got()) > 0 {
			t.Error("printed all the same:", want)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "zpl://" + l.Addr().String()
	_ = l.Close()
	if err := sendLabel(t.Context(), gone, Label{}); !errors.Is(err, errUnreachable) {
		t.Fatal(err)
	}
}

// What a printer says of itself is read from the wire.
func FuzzAiling(f *testing.F) {
	f.Add([]byte(ready))
	f.Add([]byte("\x02,,\x03\x03\x02"))
	f.Fuzz(func(_ *testing.T, b []byte) { _ = ailing(b) })
}

// printers are those that a test's labels are sent to.
type printers struct {
	mu   sync.Mutex
	down map[string]error
	got  []string
}

func (p *printers) send(_ context.Context, to string, l Label) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.down[to]; err != nil {
		return err
	}
	p.got = append(p.got, to+" "+string(l.ZPL))
	return nil
}

func (p *printers) set(to string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down[to] = err
}

func labels(t *testing.T, addrs ...string) (*Labels, *printers) {
	p := &printers{down: map[string]error{}}
	l := OpenLabels(LabelConfig{File: filepath.Join(t.TempDir(), "labels.json")})
	l.send = p.send
	if len(addrs) > 0 {
		if err := l.Set("", LabelSettings{Printers: addrs, Width: 76, Height: 51, DPI: 203}); err != nil {
			t.Fatal(err)
		}
	}
	return l, p
}

func one(s string) Label { return Label{ZPL: []byte(s)} }

// Labels come in order; where the first printer takes none, out of the next at
// once; where no printer does, when one does again; and never twice.
func TestLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p := labels(t, "zpl://a", "zpl://b")
		ctx, end := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = l.Run(ctx) })
		put := func(names ...string) {
			for _, n := range names {
				if err := l.Put(one(n)); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
		}
		want := func(state string, got ...string) {
			t.Helper()
			synctest.Wait()
			if !slices.Equal(p.got, got) {
				t.Fatalf("%s: %q", state, p.got)
			}
			p.got = nil
		}
		put("1", "2")
		want("both well", "zpl://a 1", "zpl://a 2")
		p.set("zpl://a", errUnreachable)
		put("3")
		want("a is gone", "zpl://b 3")
		if _, st := l.Settings(); st.Failed.IsZero() || st.Why != errUnreachable.Error() || st.By != "zpl://b" {
			t.Fatalf("%+v", st)
		}
		p.set("zpl://b", errUnreachable)
		put("4", "5")
		want("both are gone")
		if _, st := l.Settings(); st.Waiting != 2 {
			t.Fatalf("%+v", st)
		}
		p.set("zpl://a", nil)
		time.Sleep(lastRetry)
		want("a is back", "zpl://a 4", "zpl://a 5")
		if _, st := l.Settings(); st.Waiting != 0 || !st.Failed.IsZero() || st.Why != "" {
			t.Fatalf("%+v", st)
		}
		p.set("zpl://a", errUnreachable)
		put("6")
		time.Sleep(labelLife + lastRetry)
		p.set("zpl://a", nil)
		time.Sleep(lastRetry)
		want("nobody waits for it any more")
		if _, st := l.Settings(); st.Waiting != 0 || st.Given != 1 {
			t.Fatalf("%+v", st)
		}
		end()
		all.Wait()
	})
}

func TestLabelsAreBounded(t *testing.T) {
	l, _ := labels(t)
	if err := l.Put(one("1")); err != ErrNoLabels {
		t.Fatal(err)
	}
	l, _ = labels(t, "zpl://a")
	for range mostLabels {
		if err := l.Put(one("1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Put(one("1")); err != ErrLabelsFull {
		t.Fatal(err)
	}
	if err := l.Remove(""); err != nil {
		t.Fatal(err)
	}
	if _, st := l.Settings(); st.Waiting != 0 {
		t.Fatal("names are kept for a printer that is gone")
	}
}

func TestLabelSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "labels.json")
	cfg := LabelConfig{File: file, Check: func(w, _, _ int) error {
		if w < 50 {
			return errors.New("too small")
		}
		return nil
	}}
	l := OpenLabels(cfg)
	good := LabelSettings{Printers: []string{"zpl://10.0.0.1", "zpl://h:9100/", "ipps://h/ipp/print", "lp:Desk"}, Width: 62, Height: 40, DPI: 300}
	for _, bad := range [][]string{nil, {""}, {"zpl://"}, {"zpl://u:p@h"}, {"zpl://h/path"}, {"http://h"}, {"lp:-x"}, {"lp:a", "lp:b", "lp:c", "lp:d", "lp:e"}} {
		s := good
		s.Printers = bad
		if p := new(Problem); !errors.As(l.Set("", s), &p) || p.Key != "label.address" {
			t.Errorf("%q is taken", bad)
		}
	}
	s := good
	s.Width = 10
	if p := new(Problem); !errors.As(l.Set("", s), &p) || p.Key != "label.size" {
		t.Error("too small a label is taken")
	}
	if _, err := os.Stat(file); err == nil {
		t.Fatal("refused, and saved")
	}
	if err := l.Set("", good); err != nil {
		t.Fatal(err)
	}
	if got, _ := OpenLabels(cfg).Settings(); !slices.Equal(got.Printers, good.Printers) || got.Width != 62 {
		t.Fatalf("%+v", got)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(b, []byte("zpl:"), []byte("zap:")), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, st := OpenLabels(cfg).Settings(); !st.Damaged || len(got.Printers) > 0 {
		t.Fatalf("%+v %+v", got, st)
	}
	if err := l.Remove(""); err != nil {
		t.Fatal(err)
	}
	if err := l.Remove(""); err != nil {
		t.Fatal(err)
	}
}

// A test says which printers took nothing.
func TestLabelTest(t *testing.T) {
	l, p := labels(t, "zpl://a", "zpl://b")
	if err := l.Test(t.Context()); err != ErrNoLabels {
		t.Fatal(err)
	}
	l.Sample(func(LabelSettings) (Label, error) { return one("sample"), nil })
	p.set("zpl://b", errUnreachable)
	err := l.Test(t.Context())
	if q := new(Problem); !errors.As(err, &q) || q.Hint != "no badge was printed on zpl://b: it cannot be reached" {
		t.Fatal(err)
	}
	if !slices.Equal(p.got, []string{"zpl://a sample"}) {
		t.Fatal(p.got)
	}
}

// A printer that is there and takes nothing holds a badge for some seconds, not a
// minute, and the badges after it not at all; it is said why.
func TestASlowPrinterIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs, took := true, []string{}
		l := OpenLabels(LabelConfig{File: filepath.Join(t.TempDir(), "labels.json")})
		l.send = func(ctx context.Context, to string, b Label) error {
			if to == "ipp://first" && hangs {
				<-ctx.Done()
				return ctx.Err()
			}
			took = append(took, to+" "+string(b.ZPL))
			return nil
		}
		if err := l.Set("", LabelSettings{Printers: []string{"ipp://first", "ipp://second"}, Width: 62, Height: 100, DPI: 300}); err != nil {
			t.Fatal(err)
		}
		put := func(b string, within time.Duration, by string) {
			t.Helper()
			began := time.Now()
			if err := l.Put(one(b)); err != nil {
				t.Fatal(err)
			}
			if _, err := l.printOne(t.Context()); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(began); d > within || took[len(took)-1] != by+" "+b {
				t.Errorf("%s took %s: %v", b, d, took)
			}
		}
		put("a", labelWithin, "ipp://second")
		put("b", 0, "ipp://second")
		if _, st := l.Settings(); st.Failed.IsZero() || st.Why != errSlow.Error() {
			t.Errorf("%+v", st)
		}
		time.Sleep(labelShuns)
		hangs = false
		put("c", 0, "ipp://first")
		if _, st := l.Settings(); !st.Failed.IsZero() {
			t.Errorf("%+v", st)
		}
	})
}
