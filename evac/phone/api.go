package phone

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/node/pairing"
)

// maxBody is the largest request, in bytes.
const maxBody = 64 << 10

// API is the phone's interface, to be mounted at /api/v1/phone/:
//
//	GET  /api/v1/phone/list?have=V   the muster, see answer
//	POST /api/v1/phone/marks         acts, each answered by itself
//	POST /api/v1/phone/add           somebody who is on no list
//	POST /api/v1/phone/refuge        what those who wait at a refuge are told
//
// A phone shows its pairing in the header `Authorization: Phone KEY`.
func (s *Service) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/phone/list", s.paired(s.list))
	mux.HandleFunc("POST /api/v1/phone/marks", s.paired(s.marks))
	mux.HandleFunc("POST /api/v1/phone/add", s.paired(s.add))
	mux.HandleFunc("POST /api/v1/phone/refuge", s.paired(s.tell))
	mux.HandleFunc("/api/v1/phone/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, fault{"there is no such thing in a phone's interface", "load the page anew", "phone.fault"})
	})
	return shared(mux)
}

// shared lets a page that came from any node speak to this one. There is no
// cookie and no other standing right that a browser would add by itself: whoever
// sends the key can send it without a browser as well, so any origin may ask.
// Credentials stay forbidden, as they are where the origin is "*".
func shared(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Type", "application/json")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "600")
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			// A node is on the campus's own network, and so may the page's be not.
			h.Set("Access-Control-Allow-Private-Network", "true")
		}
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNoContent)
	})
}

// asked is what a paired phone asks.
type asked struct {
	*http.Request
	pairing pairing.Pairing
}

// paired answers those whose pairing counts: 401 to who shows none, 410 where it
// is over, so that the phone empties itself, 429 to who asks too often.
func (s *Service) paired(answer func(asked) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Phone") {
			w.Header().Set("WWW-Authenticate", "Phone")
			refuse(w, http.StatusUnauthorized, fault{"this needs the key of a paired phone", "pair the phone: `upprop phone pair`", "phone.unpaired"})
			return
		}
		p, err := s.cfg.Pairings.Check(strings.TrimSpace(key))
		switch {
		case pairing.IsOver(err):
			refuse(w, http.StatusGone, fault{"this pairing has ended", "the phone forgets what it holds; pair it anew to go on", "phone.over"})
			return
		case errors.Is(err, pairing.ErrForm), errors.Is(err, pairing.ErrSigner):
			w.Header().Set("WWW-Authenticate", "Phone")
			refuse(w, http.StatusUnauthorized, fault{"this phone is not paired as far as this node knows", "try another node, or pair it anew", "phone.unpaired"})
			return
		case err != nil:
			s.cfg.Logger.Error("pairing not checked", "err", err.Error())
			refuse(w, http.StatusServiceUnavailable, faultHere)
			return
		}
		if !s.rates.allow(p.ID, s.cfg.Now()) {
			w.Header().Set("Retry-After", "2")
			refuse(w, http.StatusTooManyRequests, fault{"this phone asks too often", "wait two seconds", "phone.often"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		began := time.Now()
		out, err := answer(asked{r, p})
		if err != nil {
			status, f := s.judge(err)
			refuse(w, status, f)
			return
		}
		s.cfg.Logger.Debug("phone served", "pattern", r.Pattern, "duration", time.Since(began))
		// The phone may be gone; there is nobody left to tell.
		_ = json.NewEncoder(w).Encode(out)
	}
}

func refuse(w http.ResponseWriter, status int, f fault) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(f)
}
