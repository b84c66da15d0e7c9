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
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/calls"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/pairing"
	"github.com/upprop/upprop/node/pin"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
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
	errTooLarge     = &Error{Status: http.StatusRequestEntityTooLarge, Message: "the request is larger than 64 KiB, or than 2 MiB with a file", Hint: "send less at once", Key: "request.too_large"}
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
	if e := problem(err); e != nil {
		return e
	}
	if e := aboutPrinter(err); e != nil {
		return e
	}
	if e := aboutSources(err); e != nil {
		return e
	}
	if e := aboutSheets(err); e != nil {
		return e
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return sentence(k.status, k.err.Error())
		}
	}
	return &Error{Status: http.StatusInternalServerError, Message: "something went wrong in this node", Key: "internal.fault"}
}

// problem finds what a rule of the house says that a person can mend.
func problem(err error) *Error {
	var (
		visit  *visits.Problem
		bell   *alarm.Problem
		erase  *privacy.Problem
		notice *notify.Problem
		right  *rights.Problem
		phone  *pairing.Problem
		lock   *pin.Problem
		term   *terms.Problem
		agree  *consent.Problem
	)
	said := func(key, field, hint string) *Error {
		e := sentence(statusOf(key), hint)
		e.Key, e.Field = key, field
		return e
	}
	switch {
	case errors.As(err, &visit):
		return said(visit.Key, visit.Field, visit.Hint)
	case errors.As(err, &bell):
		return said(bell.Key, "", bell.Hint)
	case errors.As(err, &erase):
		return said(erase.Key, "", erase.Hint)
	case errors.As(err, &notice):
		return said(notice.Key, "", notice.Hint)
	case errors.As(err, &right):
		return said(right.Key, "", right.Hint)
	case errors.As(err, &phone):
		return said(phone.Key, "", phone.Hint)
	case errors.As(err, &lock):
		return said(lock.Key, "", lock.Hint)
	case errors.As(err, &term):
		return said(term.Key, "", term.Hint)
	case errors.As(err, &agree):
		return said(agree.Key, "", agree.Hint)
	}
	if o := operators.IsProblem(err); o != nil {
		return said(o.Key, o.Field, o.Hint)
	}
	return nil
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
	{node.ErrReceptionPhone, http.StatusUnprocessableEntity},
	{node.ErrDomain, http.StatusUnprocessableEntity},
	{calls.ErrNone, http.StatusNotFound},
	{calls.ErrAnswer, http.StatusUnprocessableEntity},
	{node.ErrNoEdit, http.StatusNotFound},
	{node.ErrNoUndo, http.StatusConflict},
	{node.ErrNoEarlier, http.StatusConflict},
	{node.ErrAsItIs, http.StatusConflict},
	{node.ErrChangedSince, http.StatusConflict},
	{node.ErrWouldDestroy, http.StatusConflict},
	{node.ErrSignOutAfter, http.StatusUnprocessableEntity},
	{node.ErrRemindDelivery, http.StatusUnprocessableEntity},
	{node.ErrNoRoot, http.StatusForbidden},
	{identity.ErrPassphrase, http.StatusUnprocessableEntity},
	{identity.ErrWeakPassphrase, http.StatusUnprocessableEntity},
	{identity.ErrAltered, http.StatusUnprocessableEntity},
	{identity.ErrNewerFile, http.StatusUnprocessableEntity},
	{identity.ErrDamagedFile, http.StatusUnprocessableEntity},
	{audit.ErrFull, http.StatusServiceUnavailable},
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
	case "store.broken", "store.keys", "keys.missing", "subject.not_yet", "evacuation.words_not_kept":
		return http.StatusServiceUnavailable
	case "erase.unknown_visit", "erase.unknown_erasure", "node.unknown", "subject.unknown_visit", "case.unknown", "disclosure.unknown",
		"operator.unknown", "operator.unknown_here", "notify.no_channel", "deliveries.unknown":
		return http.StatusNotFound
	case "privacy.not_desk", "subject.not_desk", "pin.not_here", "pin.wrong", "phone.not_yours", "operator.not_here", "operator.not_issuer", "deliveries.not_here":
		return http.StatusForbidden
	case "cut.not_here":
		return http.StatusForbidden
	case "notify.test":
		return http.StatusBadGateway
	case "pin.wait":
		return http.StatusTooManyRequests
	case "pin.none", "pin.locked":
		return http.StatusConflict
	case "node.write_off_self", "node.write_off_alive":
		return http.StatusConflict
	case "operator.taken", "operator.ambiguous", "operator.last_admin":
		return http.StatusConflict
	case "bulk.gone":
		return http.StatusNotFound
	case "bulk.second":
		return http.StatusForbidden
	case "consent.none", "bulk.count", "bulk.waiting":
		return http.StatusConflict
	case "case.decided", "case.held", "case.extended", "case.overdue", "case.objection", "subject.not_restricted":
		return http.StatusConflict
	case "badge.ambiguous", "evacuation.none", "evacuation.runs", "evacuation.not_covered", "evacuation.nothing_to_undo", "evacuation.not_added":
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// reference is short enough to read out over a telephone.
func reference() string {
	s := rand.Text()
	return s[:4] + "-" + s[4:8]
}
