package webkit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Data answers a script that asked with "Accept: application/json"; a page
// without script gets a Page or a Redirect from the same handler.
type Data struct{ Value any }

func (d Data) respond(w http.ResponseWriter, _ *Request) error {
	return writeJSON(w, http.StatusOK, d.Value)
}

// WantsData reports whether a script asks rather than a page. What fails is
// then told as {"error","reference"} under the status that a page would have.
func (r *Request) WantsData() bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// The reader may be gone; there is nobody left to tell.
	_, _ = w.Write(body)
	return nil
}
