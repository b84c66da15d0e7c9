package webkit

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// File answers with bytes that are no page, for the browser to show or keep
// under Name. They are never cached, as they may hold personal data, but for those
// that have a Version.
type File struct {
	Type, Name string
	Body       []byte
	// Version names what is in it, where nothing of it is personal: the reader's own
	// browser keeps it, under ?v=VERSION for good, else until it is another.
	Version string
	// Scope lets a worker's script see to the pages under a path; empty: to those
	// beside it.
	Scope string
}

func (f File) respond(w http.ResponseWriter, r *Request) error {
	h := w.Header()
	h.Set("Content-Type", f.Type)
	if f.Scope != "" {
		h.Set("Service-Worker-Allowed", f.Scope)
	}
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": f.Name}))
	if f.Version != "" {
		h.Set("ETag", `"`+f.Version+`"`)
		h.Set("Cache-Control", "private, no-cache")
		if r.URL.Query().Get("v") == f.Version {
			h.Set("Cache-Control", "private, max-age=31536000, immutable")
		}
		http.ServeContent(w, r.Request, "", time.Time{}, bytes.NewReader(f.Body))
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(f.Body)))
	h.Set("Cache-Control", "no-store")
	// The reader may be gone; there is nobody left to tell.
	_, _ = w.Write(f.Body)
	return nil
}
