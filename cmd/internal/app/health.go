package app

import (
	"encoding/json"
	"net/http"

	"github.com/upprop/upprop/node/doctor"
)

// Health is what /healthz answers.
type Health struct {
	// Status is "ok", "broken", "revoked" or "closing".
	Status  string `json:"status"`
	Node    string `json:"node"`
	Role    string `json:"role"`
	Release string `json:"release"`
	// Problem says why the node does not serve, and what to do.
	Problem string `json:"problem,omitempty"`
	// Degraded are the codes of what is wrong while it serves; `upprop doctor`
	// says them in words.
	Degraded []string `json:"degraded,omitempty"`
}

// health answers 200 when this node can keep what people tell it, else 503.
// It answers while the node is cut off: that is no fault of the node.
func (a *App) health(w http.ResponseWriter, _ *http.Request) {
	self := a.node.Self()
	h := Health{Status: "ok", Node: self.Name, Role: string(self.Role), Release: a.cfg.Node.Release}
	status := http.StatusOK
	disk, failure := a.node.Condition()
	barred := a.node.Barred()
	switch {
	case barred != nil:
		h.Status, h.Problem = "revoked", barred.Error()
	case failure != nil:
		h.Status, h.Problem = "broken", failure.Error()
	case disk.FloorBytes > 0 && disk.FreeBytes < disk.FloorBytes:
		h.Status, h.Problem = "broken", "the disk is almost full and nothing is saved: free space on the disk of the data folder"
	case a.ending.Load():
		h.Status, h.Problem = "closing", "the node is being stopped: start it again with `upprop run`"
	}
	if h.Status != "ok" {
		status = http.StatusServiceUnavailable
	} else {
		for _, f := range a.screens.api.Diagnose().Findings {
			if f.Severity != doctor.Notice {
				h.Degraded = append(h.Degraded, f.Code)
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The reader may be gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(h)
}
