package api

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

// Error is a refusal as it travels: what happened and what to do, and the
// catalog key of it where there is one. It never holds personal data.
type Error struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
	Hint    string `json:"hint,omitempty"`
	Key     string `json:"key,omitempty"`
	Field   string `json:"field,omitempty"`
}

// Error is the whole sentence on one line.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + ": " + e.Hint
}

var (
	errUnauthorized = &Error{Status: http.StatusUnauthorized, Message: "this needs the node's token", Hint: "send the header `Authorization: Bearer TOKEN` with what is in the file api.token of the data folder"}
	errLocalOnly    = &Error{Status: http.StatusForbidden, Message: "this is done on the node itself only", Hint: "use the upprop command on the machine where the node runs"}
	errTooLarge     = &Error{Status: http.StatusRequestEntityTooLarge, Message: "the request is larger than 64 KiB", Hint: "send less at once", Key: "request.too_large"}
)

// malformed says what is wrong with a request.
func malformed(what, hint string) *Error {
	return &Error{Status: http.StatusBadRequest, Message: what, Hint: hint, Key: "request.malformed"}
}

// judge finds the status and the words of an error. What it does not know is
// a fault of this program, told to the log alone.
func judge(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var p *visits.Problem
	if errors.As(err, &p) {
		e := sentence(statusOf(p.Key), p.Hint)
		e.Key, e.Field = p.Key, p.Field
		return e
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return sentence(k.status, k.err.Error())
		}
	}
	return &Error{Status: http.StatusInternalServerError, Message: "something went wrong in this node", Key: "internal.fault"}
}

var known = []struct {
	err    error
	status int
}{
	{identity.ErrNotMember, http.StatusNotFound},
	{identity.ErrRevoked, http.StatusConflict},
	{identity.ErrNotIssuer, http.StatusForbidden},
	{join.ErrNotIssuer, http.StatusForbidden},
	{join.ErrNameTaken, http.StatusConflict},
	{join.ErrBadName, http.StatusUnprocessableEntity},
	{node.ErrNoRoot, http.StatusForbidden},
	{identity.ErrPassphrase, http.StatusUnprocessableEntity},
	{identity.ErrWeakPassphrase, http.StatusUnprocessableEntity},
	{identity.ErrAltered, http.StatusUnprocessableEntity},
	{identity.ErrNewerFile, http.StatusUnprocessableEntity},
	{identity.ErrDamagedFile, http.StatusUnprocessableEntity},
	{store.ErrFull, http.StatusInsufficientStorage},
	{store.ErrBroken, http.StatusServiceUnavailable},
}

// sentence takes "what happened: what to do" apart.
func sentence(status int, s string) *Error {
	what, hint, _ := strings.Cut(s, ": ")
	return &Error{Status: status, Message: what, Hint: hint}
}

func statusOf(key string) int {
	switch key {
	case "disk.full":
		return http.StatusInsufficientStorage
	case "store.broken", "keys.missing":
		return http.StatusServiceUnavailable
	case "badge.ambiguous":
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// reference is short enough to read out over a telephone.
func reference() string {
	s := rand.Text()
	return s[:4] + "-" + s[4:8]
}
