package join

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Refusals, matched with errors.Is. Each is one line that says what to do.
var (
	ErrExpired           = errors.New("the token has expired: make a new one with `upprop token create` and use it before its time is over")
	ErrSpent             = errors.New("the token has been used already: make a new one with `upprop token create`; each brings in one node")
	ErrUnknownToken      = errors.New("the issuer does not know the token: it was withdrawn, or is of another campus, or the issuer was restored from a backup; make a new one with `upprop token create`")
	ErrWrongSecret       = errors.New("the token's secret is not the one that was issued: copy the whole line again, or make a new token")
	ErrWrongRole         = errors.New("the token is not for this role: make one for the role that this node shall have")
	ErrNameTaken         = errors.New("another node has this name already: choose another with --name, or make a token with another name")
	ErrBadName           = errors.New("the name cannot name a node: choose another with --name, 1 to 64 bytes of plain text")
	ErrIssuerUnreachable = errors.New("the node that made the token cannot be reached now: wait until it is back, or make a new token at a node that is up")
	ErrTooMany           = errors.New("too many attempts to join at once: wait a minute and try again")
	ErrRevokedNode       = errors.New("this node has been revoked from the campus: join with a fresh data folder, or have it re-admitted with the campus root")
	ErrAppointed         = errors.New("this node's certificate is signed by the campus root: a token cannot replace it")
	ErrNotIssuer         = errors.New("the node that made the token may not issue any more: make a new token at another issuer")
	ErrIssuerTrouble     = errors.New("the issuer could not complete the request: look at its log, then try again with the same token")
)

// Failures that the joining node finds by itself, matched with errors.Is.
var (
	// ErrNoPeer means that no node of the token answered.
	ErrNoPeer = errors.New("no node named in the token answers: check this node's cable and network, and that the node that made the token is up")
	// ErrNotExpected means that a node answers but lets no unknown node in.
	ErrNotExpected = errors.New("the node answers but expects nobody: the token is long over, or that node has not heard of it yet; try again in a minute, or make a new token")
	// ErrWrongCampus means that who answered is not of the token's campus. The
	// joiner has sent nothing.
	ErrWrongCampus = errors.New("the node that answers is not a member of the token's campus: make a new token, and tell whoever runs the network if it happens again")
	// ErrBadAnswer means that the answer does not prove what it must.
	ErrBadAnswer = errors.New("the answer does not hold: it may have been altered on the way; try again, or make a new token at another node")
	// ErrProtocol means that the other side did not keep to the protocol.
	ErrProtocol = errors.New("the other side speaks the join protocol wrongly: check that both run the same release")
	// ErrUnknownRefusal means that a newer issuer refused for a reason that
	// this release cannot name.
	ErrUnknownRefusal = errors.New("refused for a reason that this release does not know: install the issuer's release on this node")
)

// Refusal is a refusal with what the issuer said about it.
type Refusal struct {
	// Err is one of the sentinels.
	Err error
	// Node is the name of the node that it is about: who spent the token, or
	// which issuer cannot be reached. Empty when not known.
	Node string
	// At is when the token was spent, zero when not known.
	At time.Time
}

// Error is the sentinel's line with what is known in brackets.
func (r *Refusal) Error() string {
	var known []string
	if r.Node != "" {
		known = append(known, r.Node)
	}
	if !r.At.IsZero() {
		known = append(known, r.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if len(known) == 0 {
		return r.Err.Error()
	}
	return fmt.Sprintf("%s (%s)", r.Err, strings.Join(known, ", "))
}

// Unwrap is the sentinel.
func (r *Refusal) Unwrap() error { return r.Err }

// codes are how refusals travel. They are never reused for another meaning.
var codes = map[string]error{
	"expired": ErrExpired, "spent": ErrSpent, "unknown": ErrUnknownToken, "secret": ErrWrongSecret,
	"role": ErrWrongRole, "name-taken": ErrNameTaken, "name": ErrBadName, "issuer-unreachable": ErrIssuerUnreachable,
	"too-many": ErrTooMany, "revoked": ErrRevokedNode, "appointed": ErrAppointed, "not-issuer": ErrNotIssuer,
	"trouble": ErrIssuerTrouble, "protocol": ErrProtocol,
}

func codeOf(err error) string {
	for code, e := range codes {
		if errors.Is(err, e) {
			return code
		}
	}
	return "trouble"
}

// final reports that asking another member will not help.
func final(err error) bool {
	var r *Refusal
	if !errors.As(err, &r) {
		return false
	}
	switch r.Err {
	case ErrIssuerUnreachable, ErrTooMany, ErrIssuerTrouble, ErrProtocol:
		return false
	}
	return true
}
