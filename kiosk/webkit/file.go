package webkit

import (
	"mime"
	"net/http"
	"strconv"
)

// File answers with bytes that are no page, for the browser to show or keep
// under Name. They are never cached: they may hold personal data.
type File struct {
	Type, Name string
	Body       []byte
}

func (f File) respond(w http.ResponseWriter, _ *Request) error {
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": f.Name}))
	h.Set("Content-Length", strconv.Itoa(len(f.Body)))
	h.Set("Cache-Control", "no-store")
	// The reader may be gone; there is nobody left to tell.
	_, _ = w.Write(f.Body)
	return nil
}
