package api

import (
	"net/http"
)

// Names says whether this node shows names now.
type Names struct {
	// Asks: this node asks for a PIN. PINSet: one has been chosen. Locked: names
	// are locked until it is given, or chosen.
	Asks   bool `json:"asks"`
	PINSet bool `json:"pin_set"`
	Locked bool `json:"locked"`
	// Wrong is how many wrong PINs were given; WaitUntil when the next is
	// tried, null: at once.
	Wrong     int   `json:"wrong"`
	WaitUntil Stamp `json:"wait_until"`
	// LocksAt is when names lock by themselves, null while they are locked.
	LocksAt Stamp `json:"locks_at"`
	// Asking: for a few seconds, until other nodes have said which names have
	// been erased. ErasuresUnknownSince is null while they have lately.
	Asking               bool  `json:"asking"`
	ErasuresUnknownSince Stamp `json:"erasures_unknown_since"`
	// Passphrase: this node's keys rest under a passphrase.
	Passphrase bool `json:"passphrase"`
}

// PIN is the request to set it, or to unlock names with it.
type PIN struct {
	PIN Text `json:"pin"`
}

// Passphrase is the request to put this node's keys under one; an empty one
// takes it away, and none at all is refused.
type Passphrase struct {
	Passphrase *Text `json:"passphrase"`
}

func (a *API) names(*http.Request) (any, error) { return a.namesNow(), nil }

func (a *API) namesNow() Names {
	s := a.cfg.Node.PIN().State()
	ok, unknown := a.cfg.Node.Names()
	return Names{
		Asks: s.Asks, PINSet: s.Set, Locked: s.Locked, Wrong: s.Wrong, WaitUntil: Stamp{s.WaitUntil}, LocksAt: Stamp{s.Until},
		Asking: !ok, ErasuresUnknownSince: Stamp{unknown}, Passphrase: a.cfg.Node.HasPassphrase(),
	}
}

func (a *API) setPIN(r *http.Request) (any, error) { return a.withPIN(r, a.cfg.Node.PIN().Set) }

func (a *API) unlock(r *http.Request) (any, error) { return a.withPIN(r, a.cfg.Node.PIN().Unlock) }

func (a *API) withPIN(r *http.Request, act func([]byte) error) (any, error) {
	var in PIN
	if err := read(r, &in); err != nil {
		return nil, err
	}
	given := []byte(in.PIN.Reveal())
	defer clear(given)
	if err := act(given); err != nil {
		return nil, err
	}
	return a.namesNow(), nil
}

func (a *API) lock(*http.Request) (any, error) {
	if err := a.cfg.Node.PIN().Lock(); err != nil {
		return nil, err
	}
	return a.namesNow(), nil
}

func (a *API) setPassphrase(r *http.Request) (any, error) {
	var in Passphrase
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Passphrase == nil {
		return nil, malformed("no passphrase was sent", "send one, or an empty one to take it away")
	}
	given := []byte(in.Passphrase.Reveal())
	defer clear(given)
	if err := a.cfg.Node.SetPassphrase(given); err != nil {
		return nil, err
	}
	return a.namesNow(), nil
}
