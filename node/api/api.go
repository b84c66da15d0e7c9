// Package api is the node's interface for programs: JSON over HTTP, the same
// on the local socket and on the network. It decides nothing about visits or
// members; it asks the node and writes down the answer.
//
// Invariant: an answer of 2xx to an act means that the act is durable on this
// node, and no personal data is ever in a URL, a log or an error.
package api

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/node"
)

// Config is what an API is made of; Node and Logger are required.
type Config struct {
	Node *node.Node
	// Release is this program's version.
	Release string
	// Web is where the screens are, empty when there are none.
	Web string
	// Started is when this run of the node began.
	Started time.Time
	// Now is the clock; nil means time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// API answers programs. Safe for concurrent use.
type API struct{ cfg Config }

// New makes an API.
func New(cfg Config) *API {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &API{cfg: cfg}
}

// route is one verb of the interface.
type route struct {
	method, path string
	// local: on the socket only, whoever asks.
	local bool
	// open: without a token too; nothing of the house is in the answer.
	open   bool
	answer func(*API, *http.Request) (any, error)
}

func routes() []route {
	return []route{
		{method: "GET", path: "/api/v1/openapi.json", open: true, answer: (*API).document},
		{method: "GET", path: "/api/v1/status", answer: (*API).status},
		{method: "GET", path: "/api/v1/doctor", answer: (*API).doctor},
		{method: "GET", path: "/api/v1/visits", answer: (*API).listVisits},
		{method: "POST", path: "/api/v1/visits", answer: (*API).checkIn},
		{method: "POST", path: "/api/v1/visits/out", answer: (*API).checkOut},
		{method: "GET", path: "/api/v1/nodes", answer: (*API).listNodes},
		{method: "POST", path: "/api/v1/nodes/revoke", answer: (*API).revoke},
		{method: "POST", path: "/api/v1/tokens", answer: (*API).createToken},
		{method: "POST", path: "/api/v1/issuers", answer: (*API).grantIssuer},
		{method: "POST", path: "/api/v1/root/export", local: true, answer: (*API).exportRoot},
		{method: "POST", path: "/api/v1/root/restore", local: true, answer: (*API).restoreRoot},
	}
}

// Register puts every route on mux. What is served there is guarded by Local
// or Bearer; a request that came through neither is refused.
func (a *API) Register(mux *http.ServeMux) {
	for _, r := range routes() {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, r) })
	}
	mux.HandleFunc("/api/v1/", func(w http.ResponseWriter, req *http.Request) { a.lost(w, req) })
}

func (a *API) serve(w http.ResponseWriter, req *http.Request, r route) {
	who := callerOf(req)
	switch {
	case !r.open && who == stranger:
		refuse(w, errUnauthorized)
		return
	case r.local && who != atNode:
		refuse(w, errLocalOnly)
		return
	}
	began := time.Now()
	req.Body = http.MaxBytesReader(w, req.Body, maxBody)
	out, err := r.answer(a, req)
	status := http.StatusOK
	if err == nil {
		write(w, status, out)
	} else {
		status = a.fail(w, r, err)
	}
	a.cfg.Logger.Debug("request", "route", r.path, "method", r.method, "status", status, "duration", time.Since(began))
}

// lost answers a path or a method that does not exist.
func (a *API) lost(w http.ResponseWriter, req *http.Request) {
	var allowed []string
	for _, r := range routes() {
		if r.path == req.URL.Path {
			allowed = append(allowed, r.method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		refuse(w, &Error{Status: http.StatusMethodNotAllowed, Message: "this is not done with " + cmp.Or(req.Method, "GET"), Hint: "use " + strings.Join(allowed, " or ")})
		return
	}
	refuse(w, &Error{Status: http.StatusNotFound, Message: "there is no such thing in this interface", Hint: "/api/v1/openapi.json lists all there is"})
}

func (a *API) fail(w http.ResponseWriter, r route, err error) int {
	e := judge(err)
	if e.Status == http.StatusInternalServerError {
		ref := reference()
		e.Hint = fmt.Sprintf("look in this node's log for reference %s", ref)
		a.cfg.Logger.Error("request not served", "reference", ref, "route", r.path, "err", err.Error())
	}
	refuse(w, e)
	return e.Status
}
