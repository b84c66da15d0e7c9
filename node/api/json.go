package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
)

// maxBody is the largest request, in bytes, and maxFile the largest that brings a
// file.
const (
	maxBody = 64 << 10
	maxFile = 2 << 20
)

// Text is personal data on its way to one who may read it: JSON reveals it,
// everything else withholds it.
type Text struct{ record.Private }

// textOf is the text, or nil where there is none to show.
func textOf(p record.Private) *Text {
	if p == "" {
		return nil
	}
	return &Text{p}
}

// MarshalJSON reveals the text.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.Reveal()) }

// UnmarshalJSON takes the text in.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	t.Private = record.Private(s)
	return err
}

// Stamp is a time as programs get it: RFC 3339 in UTC with milliseconds, or
// null when it is not known.
type Stamp struct{ time.Time }

const stampLayout = "2006-01-02T15:04:05.000Z"

// MarshalJSON writes the time or null.
func (s Stamp) MarshalJSON() ([]byte, error) {
	if s.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(s.UTC().Format(stampLayout))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Stamp) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil || text == nil {
		s.Time = time.Time{}
		return err
	}
	t, err := time.Parse(time.RFC3339, *text)
	s.Time = t
	return err
}

// read takes the request's one JSON object in. An empty body is an empty
// object.
func read(r *http.Request, into any) error {
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if t, _, err := mime.ParseMediaType(kind); err != nil || t != "application/json" {
			return &Error{Status: http.StatusUnsupportedMediaType, Message: "the request is not JSON", Hint: "send it as application/json"}
		}
	}
	body, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return malformed("the request broke off", "send it again")
	case !utf8.Valid(body):
		return malformed("the request is not in UTF-8", "send text in UTF-8")
	case len(body) == 0:
		return nil
	}
	// The decoder's own words may quote the request, which may hold personal
	// data; they are not passed on.
	if err := decode(body, into); err != nil {
		return malformed("the request could not be read", "send one JSON object with the fields that /api/v1/openapi.json names")
	}
	return nil
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer could not be written"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Length", fmt.Sprint(len(body)+1))
	w.WriteHeader(status)
	// The reader may be gone; there is nobody left to tell.
	_, _ = w.Write(append(body, '\n'))
}

func refuse(w http.ResponseWriter, e *Error) {
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="upprop"`)
	}
	write(w, e.Status, e)
}
