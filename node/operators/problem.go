package operators

import (
	"fmt"
	"math"
	"time"
)

// Problem is what a person can do something about: a key of the screens'
// catalogs, and a sentence for commands. It never holds personal data.
type Problem struct {
	Key   string
	Field string
	Hint  string
	// Wait is how long to wait, where that is the matter.
	Wait time.Duration
}

func (p *Problem) Error() string { return p.Hint }

// Seconds is Wait in whole seconds, rounded up.
func (p *Problem) Seconds() int { return int(math.Ceil(p.Wait.Seconds())) }

// Problems, matched with errors.Is.
var (
	ErrUnknown         = &Problem{Key: "operator.unknown", Hint: "there is no operator of that name: look at `upprop operator list`"}
	ErrUnknownHere     = &Problem{Key: "operator.unknown_here", Hint: "this node is no desk and cannot read operators' names: give the operator's id, as `upprop operator list` shows it"}
	ErrAmbiguous       = &Problem{Key: "operator.ambiguous", Hint: "two operators have that name, given at two nodes that did not hear each other: give the operator's id, as `upprop operator list` shows it"}
	ErrTaken           = &Problem{Key: "operator.taken", Field: "alias", Hint: "an operator has that name already: choose another"}
	ErrAlias           = &Problem{Key: "operator.alias", Field: "alias", Hint: "an operator needs a name of 2 to 64 characters of plain text on one line: a name, or the number that the house knows them by"}
	ErrNoRole          = &Problem{Key: "operator.no_role", Field: "role", Hint: "there is no such role: choose reception, security, privacy, auditor or admin"}
	ErrLastAdmin       = &Problem{Key: "operator.last_admin", Hint: "nobody else could look after operators and nodes then: make another admin first"}
	ErrNotHere         = &Problem{Key: "operator.not_here", Hint: "this node may not do that: do it at a desk, or at a node that may let others in"}
	ErrNotIssuer       = &Problem{Key: "operator.not_issuer", Hint: "a password is reset at the node that holds the campus root, or at another that may let nodes in: look at `upprop nodes`"}
	ErrNotDesk         = &Problem{Key: "operator.not_desk", Hint: "operators sign in at desks, and this node is none: look at `upprop nodes` for one"}
	ErrNoKeys          = &Problem{Key: "keys.missing", Hint: "this node has not heard of keys to seal names with: connect it to a desk of its campus once, then try again"}
	ErrWrong           = &Problem{Key: "login.wrong", Hint: "the name and the password do not belong together: try again, or have the password reset with `upprop operator reset`"}
	ErrOver            = &Problem{Key: "login.over", Hint: "the one-time password was not used in time: have another made with `upprop operator reset`"}
	ErrAgain           = &Problem{Key: "factor.again", Hint: "the password has been changed or the second factor taken away meanwhile: sign in again"}
	ErrCode            = &Problem{Key: "factor.wrong", Field: "code", Hint: "that is not the code that the phone shows now, and no recovery code: wait for the next, and see that the phone's clock is right"}
	ErrCodeUsed        = &Problem{Key: "factor.used", Field: "code", Hint: "that code has been used: wait for the next, or take another recovery code"}
	ErrClock           = &Problem{Key: "factor.clock", Field: "code", Hint: "the code is not right by this node's clock, and other nodes have another time: have its clock set (`upprop doctor`), use a recovery code, or sign in at another desk"}
	ErrFactorLost      = &Problem{Key: "factor.lost", Hint: "this node cannot read the second factor: try another desk, or have it taken away with `upprop operator factor remove`"}
	ErrFactorNeeded    = &Problem{Key: "factor.needed", Hint: "this role needs a second factor: set up another in its place"}
	ErrPasskey         = &Problem{Key: "passkey.refused", Hint: "the passkey was not accepted here: try again, or sign in with the password"}
	ErrPasskeyStale    = &Problem{Key: "passkey.stale", Hint: "that took too long, or was sent twice: try again"}
	ErrPasskeyMade     = &Problem{Key: "passkey.not_made", Hint: "the device made no passkey that can be used here: it has to see to who holds it, and may not have been added already"}
	ErrPasskeyName     = &Problem{Key: "passkey.name", Field: "name", Hint: "a passkey needs a name of 2 to 64 characters of plain text on one line: which device it is on, say"}
	ErrPasskeysFull    = &Problem{Key: "passkey.full", Hint: "an operator has 8 passkeys at most: take one away first"}
	ErrPasskeyNeeded   = &Problem{Key: "passkey.needed", Hint: "this role needs a second factor, and this operator's is a passkey: sign in with it at a desk's name, or have it taken away with `upprop operator passkey remove`"}
	ErrNoProvider      = &Problem{Key: "idp.none", Hint: "no identity provider is set here: sign in with a passkey or a password, or set one with `upprop operator idp set`"}
	ErrProviderAway    = &Problem{Key: "idp.away", Hint: "the identity provider cannot be reached: sign in with a passkey or a password"}
	ErrProviderStale   = &Problem{Key: "idp.stale", Hint: "that took too long, was sent twice, or began in another browser: try again, or sign in with a passkey or a password"}
	ErrProviderAnswer  = &Problem{Key: "idp.answer", Hint: "the identity provider did not say who you are: try again, or sign in with a passkey or a password"}
	ErrProviderRefused = &Problem{Key: "idp.refused", Hint: "the identity provider knows you, and you may not sign in here by it: ask an administrator"}
	ErrProviderUnknown = &Problem{Key: "idp.unknown", Hint: "no operator here has your address as their name: ask an administrator to make or rename one"}
	ErrIssuer          = &Problem{Key: "idp.issuer", Field: "issuer", Hint: "that is no issuer that can be asked: give an address that begins with https:// and is the provider's own word for itself, of one directory"}
	ErrClient          = &Problem{Key: "idp.client", Field: "client", Hint: "a client id is needed, of 200 characters at most: give what the provider knows this campus as"}
	ErrClientSecret    = &Problem{Key: "idp.secret", Field: "secret", Hint: "a client secret is needed: the provider has made it"}
	ErrWhom            = &Problem{Key: "idp.whom", Field: "whom", Hint: "those are no tenants and domains: write them as words without spaces, 50 at most"}
	ErrGroups          = &Problem{Key: "idp.groups", Field: "groups", Hint: "those groups give no roles: write GROUP=ROLE, 50 at most; roles are reception, security, privacy, auditor and admin"}
	ErrShort           = &Problem{Key: "password.short", Field: "password", Hint: "a password has 12 characters or more: several words that do not belong together are easy to remember"}
	ErrLong            = &Problem{Key: "password.long", Field: "password", Hint: "a password has at most 256 characters"}
	ErrGuessable       = &Problem{Key: "password.guessable", Field: "password", Hint: "that is among the first that a guesser tries: choose several words that do not belong together"}
	ErrSame            = &Problem{Key: "password.same", Field: "password", Hint: "that is the password that is to be replaced: choose another"}
)

func errWait(d time.Duration) *Problem {
	p := &Problem{Key: "login.wait", Wait: d}
	p.Hint = fmt.Sprintf("too many wrong passwords: wait %d seconds, then try again; at the node itself it goes on", p.Seconds())
	return p
}

func errWaitCode(d time.Duration) *Problem {
	p := &Problem{Key: "factor.wait", Wait: d}
	p.Hint = fmt.Sprintf("too many wrong codes: wait %d seconds, then try again", p.Seconds())
	return p
}

func errWaitPasskey(d time.Duration) *Problem {
	p := &Problem{Key: "passkey.wait", Wait: d}
	p.Hint = fmt.Sprintf("too many passkeys that were not accepted: wait %d seconds, then try again", p.Seconds())
	return p
}

func errWaitProvider(d time.Duration) *Problem {
	p := &Problem{Key: "idp.wait", Wait: d}
	p.Hint = fmt.Sprintf("too many tries by the identity provider: wait %d seconds, then try again", p.Seconds())
	return p
}

// Is lets a Problem be matched by its key.
func (p *Problem) Is(target error) bool {
	q, ok := target.(*Problem)
	return ok && p.Key == q.Key
}
