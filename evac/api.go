package evac

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

// API registers GET /api/v1/muster?site=S, which answers with List.JSON, GET
// /api/v1/evacuation/report?id=I&site=S, with Report.JSON or, for format=csv,
// Report.CSV, GET /api/v1/evacuation/refuges?site=S, with who waits at refuges and
// what was said to and from there, and POST /api/v1/evacuation/evidence, with what
// was said of whom a code means. GET /api/v1/evacuation/list.pdf, handover.pdf and
// report.pdf answer with pages, and put each printing on record.
func (s *Service) API(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/muster", s.served(s.muster))
	mux.HandleFunc("GET /api/v1/evacuation/report", s.served(s.report))
	mux.HandleFunc("GET /api/v1/evacuation/refuges", s.served(s.refugesJSON))
	mux.HandleFunc("POST /api/v1/evacuation/evidence", s.served(s.evidence))
	mux.HandleFunc("GET /api/v1/evacuation/list.pdf", s.served(s.paged(paperList)))
	mux.HandleFunc("GET /api/v1/evacuation/handover.pdf", s.served(s.paged(paperHandOver)))
	mux.HandleFunc("GET /api/v1/evacuation/report.pdf", s.served(s.paged(paperReport)))
}

// refusal is an answer that is none: what happened, and what to do.
type refusal struct {
	status     int
	what, hint string
}

func (e *refusal) Error() string { return e.what + ": " + e.hint }

// maxBody is the largest request, in bytes.
const maxBody = 64 << 10

// served answers with JSON, or with what else answer says that it is.
func (s *Service) served(answer func(h http.Header, r *http.Request) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !s.ours(r.Host) {
			refuse(w, http.StatusMisdirectedRequest, "this node does not go by that host name", "call it by its IP address, as localhost, or by a name that it was given")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		body, err := answer(h, r)
		var no *refusal
		switch {
		case errors.As(err, &no):
			refuse(w, no.status, no.what, no.hint)
		case errors.Is(err, ErrNoSite):
			refuse(w, http.StatusNotFound, "no site of that name is known here", "leave out site to see everybody, and check the spelling: upper and lower case differ")
		case errors.Is(err, ErrNoEvacuation):
			refuse(w, http.StatusNotFound, "no evacuation or drill is known here that this could be the report of", "leave out the id for the latest, and look at the node where it was started")
		case errors.Is(err, ErrNobody):
			refuse(w, http.StatusNotFound, "nothing is known here of this code", "check it against the badge, and ask at a node that hears more")
		case err != nil:
			s.cfg.Logger.Error("muster answer not written", "err", err.Error())
			refuse(w, http.StatusInternalServerError, "the answer could not be written", "open /warden, and look in the log of this node")
		default:
			h.Set("Content-Length", strconv.Itoa(len(body)))
			// The reader may be gone; there is nobody left to tell.
			_, _ = w.Write(body)
		}
	}
}

func (s *Service) muster(_ http.Header, r *http.Request) ([]byte, error) {
	l, err := s.fold(s.gather(s.cfg.Withhold(r)), record.SiteID(r.URL.Query().Get("site")))
	if err != nil {
		return nil, err
	}
	return l.JSON()
}

func (s *Service) refugesJSON(_ http.Header, r *http.Request) ([]byte, error) {
	b, err := s.Refuges(record.SiteID(r.URL.Query().Get("site")))
	if errors.Is(err, ErrNoEvacuation) {
		return nil, &refusal{http.StatusConflict, "no evacuation or drill is running as far as this node knows", "start one first: upprop evac start"}
	}
	return b, err
}

func (s *Service) report(h http.Header, r *http.Request) ([]byte, error) {
	q := r.URL.Query()
	got, err := s.reportOf(q.Get("id"), record.SiteID(q.Get("site")))
	if err != nil {
		return nil, err
	}
	switch q.Get("format") {
	case "", "json":
		return got.JSON()
	case "csv":
		var b bytes.Buffer
		err := got.CSV(&b)
		h.Set("Content-Type", "text/csv; charset=utf-8")
		return b.Bytes(), err
	}
	return nil, &refusal{http.StatusBadRequest, "there is no such format", "ask for json or csv"}
}

// reportOf is the report of the evacuation with an id in text, or of the latest.
func (s *Service) reportOf(text string, site record.SiteID) (Report, error) {
	var id record.EvacID
	if text != "" {
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return Report{}, &refusal{http.StatusBadRequest, "this is not the id of an evacuation", "take it from `upprop evac start` or from the list; leave it out for the latest"}
		}
	}
	return s.Report(id, site)
}

func (s *Service) evidence(_ http.Header, r *http.Request) ([]byte, error) {
	var in struct {
		Code string `json:"code"`
	}
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if t, _, err := mime.ParseMediaType(kind); err != nil || t != "application/json" {
			return nil, &refusal{http.StatusUnsupportedMediaType, "the request is not JSON", "send it as application/json"}
		}
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	var large *http.MaxBytesError
	switch err := d.Decode(&in); {
	case errors.As(err, &large):
		return nil, &refusal{http.StatusRequestEntityTooLarge, "the request is larger than 64 KiB", "send one code"}
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "the request could not be read", "send one JSON object with the field code"}
	}
	code, err := record.ParseCode(in.Code)
	if err != nil || code.Badge == 0 {
		return nil, &refusal{http.StatusUnprocessableEntity, "this is no badge code, visit id or QR", "check it against the badge and type it again"}
	}
	e, err := s.Evidence(code)
	if err != nil {
		return nil, err
	}
	return json.Marshal(e.wire())
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
