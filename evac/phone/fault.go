package phone

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/node/alarm"
)

// fault is a refusal as it travels: what happened, what to do, and the key by
// which the page says it in its reader's language. It never holds personal data.
type fault struct {
	Message string `json:"error"`
	Hint    string `json:"hint"`
	Key     string `json:"key"`
}

func (f fault) Error() string { return f.Message + ": " + f.Hint }

var (
	faultHere      = fault{"something went wrong in this node", "it is tried again by itself, here or at another node", "phone.fault"}
	errMalformed   = fault{"the request could not be read", "load the page anew", "phone.malformed"}
	errTooMany     = fault{"these are more acts than are taken at once", "send at most 100", "phone.malformed"}
	errNoOnce      = fault{"an act has no id of its own", "send 16 random bytes as once: without them it could count twice", "phone.malformed"}
	errUndoAndMark = fault{"an act is a mark or takes one back, and not both", "send either mark or undo", "phone.malformed"}
)

// judge finds the status and the words of an error.
func (s *Service) judge(err error) (int, fault) {
	f, _ := s.refusal(err)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, fault{"the request is larger than 64 KiB", "send fewer acts at once", "phone.malformed"}
	case f.Key == "phone.malformed":
		return http.StatusBadRequest, f
	case f == faultHere, strings.HasPrefix(f.Key, "disk."), strings.HasPrefix(f.Key, "store."):
		return http.StatusServiceUnavailable, f
	}
	return http.StatusUnprocessableEntity, f
}

// refusal says why an act was not recorded, and whether it is worth while to
// send it again as it is: at this node later, or at another.
func (s *Service) refusal(err error) (f fault, again bool) {
	if errors.As(err, &f) {
		return f, false
	}
	var p *alarm.Problem
	if errors.As(err, &p) {
		what, hint, _ := strings.Cut(p.Hint, ": ")
		return fault{what, hint, p.Key}, p.Key == "disk.full" || p.Key == "store.broken" || p.Key == "evacuation.words_not_kept"
	}
	if !errors.Is(err, evac.ErrNoSite) {
		text := rand.Text()
		s.cfg.Logger.Error("phone not served", "reference", text[:4]+"-"+text[4:8], "err", err.Error())
	}
	return faultHere, true
}
