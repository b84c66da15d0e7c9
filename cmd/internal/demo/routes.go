package demo

import (
	"net/http"

	"github.com/upprop/upprop/mesh/identity"
)

// routes adds to the demo's page what people try at the address of a node:
// the screens lead to a node that has them, and /healthz answers.
func (d *Demo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", d.page)
	for path, role := range map[string]identity.Role{"kiosk": identity.RoleEntrance, "warden": identity.RoleWarden} {
		for _, m := range d.nodes {
			if m.role == role {
				mux.Handle("GET /"+path, http.RedirectHandler(m.app.URL()+path, http.StatusFound))
				break
			}
		}
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
	})
	return mux
}
