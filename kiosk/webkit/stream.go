package webkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	heartbeat     = 15 * time.Second
	writeDeadline = 10 * time.Second
)

// Event is one server-sent event. Data may have several lines; ID and Name
// may not have any line break.
type Event struct {
	ID, Name string
	Data     []byte
}

// Stream sends events until feed returns or the reader is gone, which ends
// feed's context. It beats every 15 s, so that a dead connection is noticed,
// and gives every write 10 s. feed may call send from one goroutine only and
// gets the Last-Event-ID that the reader came back with. Stream returns after
// everything that it started has ended.
func Stream(w http.ResponseWriter, r *http.Request, feed func(ctx context.Context, last string, send func(Event) error) error) error {
	return stream(w, r, func() (Event, bool) { return Event{}, false }, feed)
}

// stream is Stream; beside what feed sends it asks also, at the beginning and at
// every beat, whether there is something to say besides.
func stream(w http.ResponseWriter, r *http.Request, also func() (Event, bool), feed func(ctx context.Context, last string, send func(Event) error) error) error {
	rc := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)

	ctx, gone := context.WithCancelCause(r.Context())
	defer gone(nil)
	var mu sync.Mutex
	write := func(b []byte) error {
		mu.Lock()
		defer mu.Unlock()
		// Recorders in tests have no deadlines; sockets do.
		if err := rc.SetWriteDeadline(time.Now().Add(writeDeadline)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("set write deadline: %w", err)
		}
		_, err := w.Write(b)
		if err == nil {
			err = rc.Flush()
		}
		if err != nil {
			err = fmt.Errorf("write event: %w", err)
			gone(err)
		}
		return err
	}
	if err := write([]byte("retry: 2000\n\n")); err != nil {
		return err
	}

	if e, any := also(); any {
		if err := write(e.encode()); err != nil {
			return err
		}
	}
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				beat := []byte(": beat\n\n")
				if e, any := also(); any {
					beat = e.encode()
				}
				if write(beat) != nil {
					return
				}
			}
		}
	})
	err := feed(ctx, r.Header.Get("Last-Event-ID"), func(e Event) error { return write(e.encode()) })
	gone(err)
	beats.Wait()
	return err
}

func (e Event) encode() []byte {
	var b bytes.Buffer
	oneLine := strings.NewReplacer("\r", " ", "\n", " ")
	if e.ID != "" {
		_, _ = io.WriteString(&b, "id: "+oneLine.Replace(e.ID)+"\n")
	}
	if e.Name != "" {
		_, _ = io.WriteString(&b, "event: "+oneLine.Replace(e.Name)+"\n")
	}
	data := bytes.ReplaceAll(e.Data, []byte("\r"), nil)
	for line := range bytes.Lines(append(data, '\n')) {
		_, _ = b.WriteString("data: ")
		_, _ = b.Write(bytes.TrimSuffix(line, []byte("\n")))
		_ = b.WriteByte('\n')
	}
	_ = b.WriteByte('\n')
	return b.Bytes()
}
