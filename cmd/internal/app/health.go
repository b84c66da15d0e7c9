package app

import (
	"encoding/json"
	"net/http"

	"github.com/upprop/upprop/crdt/store"
)

// Health is what /healthz answers.
type Health struct {
	// Status is "ok", "broken" or "revoked".
	Status  string `json:"status"`
	Node    string `json:"node"`
	Role    string `json:"role"`
	Release string `json:"release"`
	// Problem says what is broken and what to do.
	Problem string `json:"problem,omitempty"`
}

// health answers 200 when this node can keep what people tell it, else 503.
// It answers while the node is cut off: that is no fault of the node.
func (a *App) health(w http.ResponseWriter, _ *http.Request) {
	self := a.node.Self()
	h := Health{Status: "ok", Node: self.Name, Role: string(self.Role), Release: a.cfg.Node.Release}
	status := http.StatusOK
	// An empty batch writes nothing and is refused where nothing can be
	// written.
	if _, err := a.store.Write(&store.Batch{}); err != nil {
		h.Status, h.Problem, status = "broken", err.Error(), http.StatusServiceUnavailable
	}
	if err := a.node.Barred(); err != nil {
		h.Status, h.Problem, status = "revoked", err.Error(), http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The reader may be gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(h)
}
