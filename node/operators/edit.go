package operators

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// onceFor is how long a one-time password can be used.
const onceFor = 72 * time.Hour

// Add makes an operator. Without a password it makes a one-time password, and
// returns it: it is told once, and to be replaced when it is first used. Errors:
// *Problem, the disk's.
func (s *Service) Add(ctx context.Context, by, alias string, role Role, password string) (o Operator, once string, err error) {
	s.editing.Lock()
	defer s.editing.Unlock()
	if err := s.cfg.MayEdit(); err != nil {
		return o, "", err
	}
	if _, err := ParseRole(string(role)); err != nil {
		return o, "", err
	}
	if alias, err = checkAlias(alias); err != nil {
		return o, "", err
	}
	if len(s.named(alias)) > 0 {
		return o, "", ErrTaken
	}
	sec, once, err := s.choose(password, alias)
	if err != nil {
		return o, "", err
	}
	id := ID(s.text(10))
	all := []crdt.Setting{}
	for field, plain := range map[string][]byte{"alias": []byte(alias), "password": sec.encode(false)} {
		one, err := s.sealed(id, field, plain)
		if err != nil {
			return o, "", err
		}
		all = append(all, one...)
	}
	// The role comes last: until then nothing of this is an account.
	all = append(all, crdt.Setting{Key: key(id, "role"), Value: shape.String(string(role))})
	if err := s.write(ctx, by, "operator.add", string(id)+" "+string(role), all...); err != nil {
		return o, "", err
	}
	o, _ = s.Get(id)
	return o, once, nil
}

// choose is what is kept of a password, or of a one-time password that it makes
// where none is given.
func (s *Service) choose(password, alias string) (sec secret, once string, err error) {
	if password == "" {
		once = strings.Join([]string{s.text(4), s.text(4), s.text(4), s.text(4)}, "-")
		return secret{Hash: s.hash(once), Once: true, Until: s.cfg.Now().Add(onceFor).Unix()}, once, nil
	}
	if err := CheckPassword(password, alias); err != nil {
		return sec, "", err
	}
	return secret{Hash: s.hash(password)}, "", nil
}

// encode is its stored form, beside a second factor or without one.
func (s secret) encode(factored bool) []byte {
	if s.Hash, s.With = s.stands(), ""; factored {
		s.Hash, s.With = "", s.Hash
	}
	b, _ := json.Marshal(s) // strings, a truth value and a number
	return b
}

// Reset gives an operator a new password, or a one-time password where none is
// given. Who is disabled stays so. Errors: *Problem, the disk's.
func (s *Service) Reset(ctx context.Context, by string, id ID, password string) (once string, err error) {
	s.editing.Lock()
	defer s.editing.Unlock()
	o, ok := s.Get(id)
	if !ok {
		return "", ErrUnknown
	}
	sec, once, err := s.choose(password, o.Alias.Reveal())
	if err != nil {
		return "", err
	}
	if err := s.set(ctx, by, o, "operator.reset", sec); err != nil {
		return "", err
	}
	return once, nil
}

func (s *Service) set(ctx context.Context, by string, o Operator, what string, sec secret) error {
	all, err := s.sealed(o.ID, "password", sec.encode(s.factored(o.ID) != ""))
	if err != nil {
		return err
	}
	return s.write(ctx, by, what, string(o.ID), all...)
}

// SetRole gives an operator another role. Errors: *Problem, the disk's.
func (s *Service) SetRole(ctx context.Context, by string, id ID, role Role) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	o, ok := s.Get(id)
	switch {
	case !ok:
		return ErrUnknown
	case o.May(Nodes) && !role.May(Nodes) && s.admins(id) == 0:
		return ErrLastAdmin
	}
	return s.write(ctx, by, "operator.role", string(id)+" "+string(role), crdt.Setting{Key: key(id, "role"), Value: shape.String(string(role))})
}

// Keeps reports whether somebody else could look after operators and nodes
// without this one; ErrLastAdmin is what to say where nobody could.
func (s *Service) Keeps(id ID) bool {
	o, ok := s.Get(id)
	return !ok || !o.May(Nodes) || s.admins(id) > 0
}

// SetDisabled shuts an operator out, or lets them in again: also the last who
// looks after operators, since whoever is at an issuer's own machine makes
// another, and somebody who must be shut out must be so at once. Errors:
// *Problem, the disk's.
func (s *Service) SetDisabled(ctx context.Context, by string, id ID, disabled bool) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	if _, ok := s.Get(id); !ok {
		return ErrUnknown
	}
	what := "operator.enable"
	if disabled {
		what = "operator.disable"
	}
	return s.write(ctx, by, what, string(id), crdt.Setting{Key: key(id, "disabled"), Value: shape.Bool(disabled)})
}

// Rename gives an operator another alias. Errors: *Problem, the disk's.
func (s *Service) Rename(ctx context.Context, by string, id ID, alias string) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	if _, ok := s.Get(id); !ok {
		return ErrUnknown
	}
	alias, err := checkAlias(alias)
	if err != nil {
		return err
	}
	for _, other := range s.named(alias) {
		if other.ID != id {
			return ErrTaken
		}
	}
	all, err := s.sealed(id, "alias", []byte(alias))
	if err != nil {
		return err
	}
	return s.write(ctx, by, "operator.rename", string(id), all...)
}

// Remove takes an operator away with all that is kept of them: the id stays, on
// record, and says nothing. What the log still holds, sealed, nobody can open
// when its key has died, after 90 days at most. Errors: *Problem, the disk's.
func (s *Service) Remove(ctx context.Context, by string, id ID) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	o, ok := s.Get(id)
	switch {
	case !ok:
		return ErrUnknown
	case o.May(Nodes) && s.admins(id) == 0:
		return ErrLastAdmin
	}
	all := []crdt.Setting{{Key: key(id, "removed"), Value: shape.Bool(true)}}
	for _, one := range s.cfg.Settings.Settings(key(id, "")) {
		if len(one.Value.Bytes()) > 0 {
			all = append(all, crdt.Setting{Key: one.Key, Value: shape.Bytes(nil)})
		}
	}
	return s.write(ctx, by, "operator.remove", string(id), all...)
}

// write puts an edit on record and makes it.
func (s *Service) write(ctx context.Context, by, what, note string, all ...crdt.Setting) error {
	if err := s.cfg.MayEdit(); err != nil {
		return err
	}
	if err := s.cfg.Act(by, what, note); err != nil {
		return err
	}
	if err := s.cfg.Settings.Set(ctx, all...); err != nil {
		return fmt.Errorf("change operator: %w", err)
	}
	return nil
}

// checkAlias trims and judges an alias.
func checkAlias(alias string) (string, error) {
	alias = strings.Join(strings.Fields(alias), " ")
	n := utf8.RuneCountInString(alias)
	if n < 2 || n > 64 || !utf8.ValidString(alias) || strings.ContainsFunc(alias, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	}) {
		return "", ErrAlias
	}
	return alias, nil
}
