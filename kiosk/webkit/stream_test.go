package webkit

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEventEncoding(t *testing.T) {
	e := Event{ID: "7\nretry: 1", Name: "fragment", Data: []byte("<p>a</p>\r\n\n<p>b</p>")}
	want := "id: 7 retry: 1\nevent: fragment\ndata: <p>a</p>\ndata: \ndata: <p>b</p>\n\n"
	if got := string(e.encode()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := string(Event{Name: "x"}.encode()); got != "event: x\ndata: \n\n" {
		t.Errorf("an empty event is %q", got)
	}
}

// slowWriter is a response that remembers what and when it was written.
type slowWriter struct {
	mu     sync.Mutex
	header http.Header
	b      strings.Builder
	fail   error
}

func (w *slowWriter) Header() http.Header { return w.header }
func (w *slowWriter) WriteHeader(int)     {}
func (w *slowWriter) Flush()              {}
func (w *slowWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return 0, w.fail
	}
	return w.b.Write(p)
}

func (w *slowWriter) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

func TestStreamBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowWriter{header: http.Header{}}
		ctx, leave := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		r.Header.Set("Last-Event-ID", "41")
		ended := make(chan error, 1)
		go func() {
			ended <- Stream(w, r, func(ctx context.Context, last string, send func(Event) error) error {
				if err := send(Event{ID: "42", Data: []byte("after " + last)}); err != nil {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			})
		}()
		time.Sleep(50 * time.Second)
		if got := strings.Count(w.text(), ": beat"); got != 3 {
			t.Errorf("%d beats in 50 s, want 3", got)
		}
		if !strings.Contains(w.text(), "id: 42\ndata: after 41\n\n") {
			t.Errorf("sent %q", w.text())
		}
		leave()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestStreamEndsWhenTheReaderIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowWriter{header: http.Header{}}
		gone := errors.New("broken pipe")
		err := Stream(w, httptest.NewRequest(http.MethodGet, "/", nil), func(ctx context.Context, _ string, _ func(Event) error) error {
			w.mu.Lock()
			w.fail = gone
			w.mu.Unlock()
			<-ctx.Done() // only a failed beat can end this
			return context.Cause(ctx)
		})
		if !errors.Is(err, gone) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestStreamOverASocket(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = Stream(&statusWriter{ResponseWriter: w}, r, func(_ context.Context, _ string, send func(Event) error) error {
			return send(Event{Name: "fragment", Data: []byte("<p>x</p>")})
		})
	}))
	srv.Config.WriteTimeout = time.Nanosecond // a server's own limit must not cut a stream
	srv.Start()
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("GET / HTTP/1.0\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for s := bufio.NewScanner(conn); s.Scan(); {
		all.WriteString(s.Text() + "\n")
	}
	if !strings.Contains(all.String(), "event: fragment\ndata: <p>x</p>\n") || !strings.Contains(all.String(), "text/event-stream") {
		t.Errorf("got %q", all.String())
	}
}
