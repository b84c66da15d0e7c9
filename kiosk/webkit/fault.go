package webkit

import (
	"crypto/rand"
	"embed"
	"errors"
	"net/http"
	"strings"

	"github.com/upprop/upprop/kiosk/lang"
)

//go:embed problem.html
var problemPage embed.FS

// fault is what the problem page shows.
type fault struct {
	Heading, Text string
	Reference     string // for the log, when the problem is not the reader's
	// Tone is that of a notice: alarm, fault or note.
	Tone  string
	Pause Pause
}

// fail turns an error into a page: a Problem in its own words, all else as
// "something went wrong here" with a reference that the log has too.
func (e *engine) fail(w http.ResponseWriter, r *Request, err error) {
	var p lang.Problem
	var f fault
	status := http.StatusInternalServerError
	if errors.As(err, &p) {
		heading := "heading." + p.Key
		if !e.cfg.Catalog.Has(heading) {
			heading = "heading.problem"
		}
		f = fault{Heading: r.Text(heading, nil), Text: r.Text(p.Key, p.Args), Tone: toneOf(p.Key)}
		status = statusOf(p.Key)
	} else {
		f = fault{Heading: r.Text("heading.problem", nil), Text: r.Text("internal.fault", nil), Reference: reference(), Tone: "fault"}
		e.cfg.Logger.Error("request not served", "reference", f.Reference, "pattern", r.Pattern, "err", r.withhold(err))
	}
	if r.WantsData() {
		// Two strings always marshal.
		_ = writeJSON(w, status, map[string]string{"error": f.Text, "reference": f.Reference})
		return
	}
	f.Pause = e.cfg.Pause
	err = Page{Name: "problem", Status: status, Data: f}.respond(w, r)
	if err != nil {
		e.cfg.Logger.Error("problem page not rendered", "reference", f.Reference, "err", err.Error())
		http.Error(w, f.Text+" "+f.Reference, status)
	}
}

func toneOf(key string) string {
	switch family, _, _ := strings.Cut(key, "."); family {
	case "closed":
		return "alarm"
	case "page":
		return "note"
	}
	return "fault"
}

func statusOf(key string) int {
	switch key {
	case "page.missing":
		return http.StatusNotFound
	case "page.put_away":
		return http.StatusGone
	case "request.too_large":
		return http.StatusRequestEntityTooLarge
	case "request.cross_origin":
		return http.StatusForbidden
	case "request.host":
		return http.StatusMisdirectedRequest
	case "request.malformed":
		return http.StatusBadRequest
	}
	for _, family := range []string{"disk.", "store.", "closed."} {
		if strings.HasPrefix(key, family) {
			return http.StatusServiceUnavailable
		}
	}
	return http.StatusUnprocessableEntity
}

// reference is short enough to read out over a telephone.
func reference() string {
	s := rand.Text()
	return s[:4] + "-" + s[4:8]
}
