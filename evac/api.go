package evac

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

// API registers GET /api/v1/muster?site=S, which answers with List.JSON.
func (s *Service) API(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/muster", s.muster)
}

func (s *Service) muster(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !s.ours(r.Host) {
		refuse(w, http.StatusMisdirectedRequest, "this node does not go by that host name", "call it by its IP address, as localhost, or by a name that it was given")
		return
	}
	l, err := s.fold(s.gather(s.cfg.Withhold(r)), record.SiteID(r.URL.Query().Get("site")))
	var body []byte
	if err == nil {
		body, err = l.JSON()
	}
	switch {
	case errors.Is(err, ErrNoSite):
		refuse(w, http.StatusNotFound, "no site of that name is known here", "leave out site to see everybody, and check the spelling: upper and lower case differ")
	case err != nil:
		s.cfg.Logger.Error("muster list not written", "err", err.Error())
		refuse(w, http.StatusInternalServerError, "the list could not be written", "open /warden, and look in the log of this node")
	default:
		h.Set("Content-Length", strconv.Itoa(len(body)))
		// The reader may be gone; there is nobody left to tell.
		_, _ = w.Write(body)
	}
}

// ours reports whether the node goes by this host, so that a foreign page
// cannot point its own name at this address and read along (DNS rebinding).
func (s *Service) ours(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return host == "localhost" || net.ParseIP(host) != nil || slices.Contains(s.cfg.Hosts, host)
}

func refuse(w http.ResponseWriter, status int, what, hint string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": what, "hint": hint})
}
