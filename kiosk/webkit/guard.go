package webkit

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

// maxBody bounds a request's body where a family does not say otherwise.
const maxBody = 64 << 10

// policy allows what the pages are made of, from here only, and the camera
// to nobody but us.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard wraps the routes, outermost first: log, recover, headers, host,
// origin, size.
func (e *engine) guard(next http.Handler) http.Handler {
	next = e.bounded(next)
	next = e.sameOrigin(next)
	next = e.knownHost(next)
	next = strict(next)
	next = e.recover(next)
	return e.log(next)
}

// bounded limits the body. Unlike http.MaxBytesHandler it passes the request
// itself on, so that the log sees the pattern that the routes put there.
func (e *engine) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(e.cfg.Body, maxBody))
		next.ServeHTTP(w, r)
	})
}

// strict sets the headers that hold for every answer; assets and streams
// replace Cache-Control with their own.
func strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses requests that change something and come from elsewhere.
func (e *engine) sameOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.fail(w, e.request(r), lang.Problem{Key: "request.cross_origin"})
	}))
	return p.Handler(next)
}

// knownHost refuses names that are not ours, so that a foreign page cannot
// point its own name at this address and read along (DNS rebinding).
func (e *engine) knownHost(next http.Handler) http.Handler {
	if e.cfg.Apart {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host = strings.ToLower(strings.Trim(host, "[]"))
		if host != "localhost" && net.ParseIP(host) == nil && !slices.ContainsFunc(e.cfg.Hosts, func(known string) bool {
			return host == known || known != "" && known[0] == '.' && strings.HasSuffix(host, known)
		}) {
			e.fail(w, e.request(r), lang.Problem{Key: "request.host"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recover answers a panic like any other fault. The panic's value may hold
// what a person wrote, so only its type and the stack are kept.
func (e *engine) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			err := fmt.Errorf("panic of type %T", v)
			e.cfg.Logger.Error("handler panicked", "pattern", r.Pattern, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			if s, ok := w.(*statusWriter); ok && s.status != 0 {
				panic(http.ErrAbortHandler)
			}
			e.fail(w, e.request(r), err)
		}()
		next.ServeHTTP(w, r)
	})
}

// log writes one line a request: method, pattern, status and duration, never
// the URL.
func (e *engine) log(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		s := &statusWriter{ResponseWriter: w}
		defer func() {
			e.cfg.Logger.Info("request", "method", r.Method, "pattern", r.Pattern,
				"status", s.status, "duration", time.Since(start))
		}()
		next.ServeHTTP(s, r)
	})
}

// statusWriter remembers the status code.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(code int) {
	if s.status == 0 {
		s.status = code
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *statusWriter) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach deadlines and flushing.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
