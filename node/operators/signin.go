package operators

import (
	"context"
	"errors"
	"fmt"
)

// Device is where somebody signs in from.
type Device struct {
	// Addr tells devices apart; it is kept in memory for an hour at most.
	Addr string
	// AtNode: at the machine that the node runs on.
	AtNode bool
}

// By is how an operator is named on record.
func (id ID) By() string { return "operator " + string(id) }

// SignIn finds the operator who has this alias and password. It takes as long
// for a name that nobody has. Who has a second factor has not signed in before
// Confirm; whose second factor is a passkey alone signs in with that. It may block
// for some 100 ms, and while others sign in. Errors: *Problem, ctx's, what Act refuses.
func (s *Service) SignIn(ctx context.Context, alias, password string, from Device) (Operator, error) {
	if !s.cfg.Desk() {
		return Operator{}, ErrNotDesk
	}
	account := fold(alias)
	if wait := s.limits.begin(from.keys(account)); wait > 0 {
		return Operator{}, errWait(wait)
	}
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return Operator{}, ctx.Err()
	}
	o, err := s.check(alias, []byte(clean(password)))
	if err != nil {
		s.note(o.ID, "login.wrong")
		return Operator{}, err
	}
	if o.Factor == "" && s.Required(o.Role) && s.keyed(o.ID) {
		s.limits.right(from.keys(account))
		s.note(o.ID, "login.passkey_needed")
		return Operator{}, ErrPasskeyNeeded
	}
	if o.Factor == "" {
		if err := s.cfg.Act(o.ID.By(), "login", ""); err != nil {
			return Operator{}, err
		}
	}
	s.limits.right(from.keys(account))
	return o, nil
}

// check tries a password on every account of an alias, at least on one.
func (s *Service) check(alias string, password []byte) (Operator, error) {
	defer clear(password)
	found := s.named(alias)
	if len(found) == 0 {
		matches(password, s.decoy())
		return Operator{}, ErrWrong
	}
	for _, o := range found[:min(len(found), 4)] {
		secret, _, err := s.secret(o.ID)
		if err != nil {
			secret.Hash, secret.With = s.decoy(), ""
		}
		switch {
		case !matches(password, secret.stands()) || err != nil || o.Disabled:
		case secret.over(s.cfg.Now()):
			return o, ErrOver
		default:
			return o, nil
		}
	}
	return found[0], ErrWrong
}

// note puts a failed try on record; it is none of the guesser's business
// whether that worked.
func (s *Service) note(id ID, what string) {
	by := "somebody"
	if id != "" {
		by = "somebody as " + id.By()
	}
	if err := s.cfg.Act(by, what, ""); err != nil {
		s.cfg.Logger.Error("a failed sign-in could not be put on record", "err", err)
	}
}

// Replace replaces the operator's own password. Errors: *Problem, the disk's.
func (s *Service) Replace(ctx context.Context, id ID, old, password string, from Device) (Operator, error) {
	o, ok := s.Get(id)
	if !ok || o.Disabled {
		return o, ErrUnknown
	}
	if err := CheckPassword(password, o.Alias.Reveal()); err != nil {
		return o, err
	}
	if clean(old) == clean(password) {
		return o, ErrSame
	}
	if o, err := s.own(id, old, "old", from); err != nil {
		return o, err
	}
	if err := s.set(ctx, id.By(), o, "operator.password", secret{Hash: s.hash(password)}); err != nil {
		return o, err
	}
	o, _ = s.Get(id)
	return o, nil
}

// own is the operator who proves by their password that it is they.
func (s *Service) own(id ID, password, field string, from Device) (Operator, error) {
	o, ok := s.Get(id)
	if !ok || o.Disabled {
		return o, ErrUnknown
	}
	keys := from.keys(fold(o.Alias.Reveal()))
	if wait := s.limits.begin(keys); wait > 0 {
		return o, errWait(wait)
	}
	now, _, err := s.secret(id)
	if err != nil || !matches([]byte(clean(password)), now.stands()) || now.over(s.cfg.Now()) {
		s.note(id, "login.wrong")
		p := *ErrWrong
		p.Key, p.Field = "password.wrong", field
		p.Hint = "that is not the password that stands: try again"
		return o, &p
	}
	s.limits.right(keys)
	return o, nil
}

func (s *Service) hash(password string) string {
	b := []byte(clean(password))
	defer clear(b)
	return s.cfg.Cost.hash(b, s.random(saltSize))
}

// SignOut puts on record that an operator left.
func (s *Service) SignOut(id ID) error {
	if err := s.cfg.Act(id.By(), "logout", ""); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// IsProblem is the Problem within err, or nil.
func IsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}
