package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// caller says with what right a request comes.
type caller int

const (
	stranger caller = iota
	// bearer has the node's token.
	bearer
	// atNode comes over the socket in the data folder.
	atNode
)

type callerKey struct{}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

func as(c caller, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

// Trusted reports whether a request came through Local or with the right
// token through Bearer.
func Trusted(r *http.Request) bool { return callerOf(r) != stranger }

// Local gives every request the rights of the node's role: for the socket in
// the data folder, which the file system guards.
func Local(next http.Handler) http.Handler { return as(atNode, next) }

// Bearer gives the rights of the node's role to requests with the token, and
// lets others through as strangers, to whom the API's own routes answer
// nothing but its description. It reads the Authorization header alone, never
// a cookie, so that no page elsewhere can act in its reader's name.
func Bearer(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	known := as(bearer, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(given)))
		if strings.EqualFold(scheme, "Bearer") && token != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			known.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Guarded refuses strangers: for routes that others register beside the API's.
func Guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Trusted(r) {
			refuse(w, errUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
