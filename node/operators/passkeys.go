package operators

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/operators/passkey"
)

// A passkey is these settings of an account; KEY is ten random characters:
//
//	operator/ID/passkey/KEY          which box stands, by its mark; empty: removed
//	operator/ID/passkey/KEY/MARK     that, sealed for desks: see held
//	operator/ID/passkey/KEY/count    what its counter said last, where it counts
//	operator/ID/passkey/KEY/behind   truth value: it has said less than before
const passkeyField = "passkey/"

// MaxPasskeys is how many passkeys an operator may have.
const MaxPasskeys = 8

// Passkey is a passkey of an operator.
type Passkey struct {
	// Key names it, beside the operator's id.
	Key string
	// Name is what the operator calls it.
	Name record.Private
	// Domain is where it can be shown.
	Domain string
	// Made is the day on which it was made.
	Made record.Day
	// Usable: it can be shown at some page of the campus.
	Usable bool
	// Behind: its counter has said less than before, as that of a copy would.
	Behind bool

	key passkey.Key
}

// held is what is sealed of a passkey.
type held struct {
	Name   string      `json:"name"`
	Domain string      `json:"domain"`
	Made   record.Day  `json:"made"`
	Key    passkey.Key `json:"key"`
}

// Domain is the domain under whose names desks are reached; empty: none is set.
func (s *Service) Domain() string { return s.cfg.Domain() }

// keyFields are the fields of an operator's passkeys that stand, in order.
func (s *Service) keyFields(id ID) (out []string) {
	base := key(id, passkeyField)
	for _, one := range s.cfg.Settings.Settings(base) {
		if rest := strings.TrimPrefix(one.Key, base); validID(rest) && one.Value.String() != "" {
			out = append(out, passkeyField+rest)
		}
	}
	slices.Sort(out)
	return out
}

// Passkeys are an operator's, as far as this node can open them, the first made
// first.
func (s *Service) Passkeys(id ID) (out []Passkey) {
	for _, field := range s.keyFields(id) {
		plain, _, err := s.open(id, field)
		if err != nil {
			continue
		}
		var h held
		err = json.Unmarshal(plain, &h)
		clear(plain)
		if err != nil {
			continue
		}
		out = append(out, Passkey{
			Key: strings.TrimPrefix(field, passkeyField), Name: record.Private(h.Name), Domain: h.Domain, Made: h.Made, key: h.Key,
			Usable: h.Domain == passkey.Local || h.Domain == s.cfg.Domain(), Behind: s.flag(id, field+"/behind"),
		})
	}
	slices.SortStableFunc(out, func(a, b Passkey) int { return int(a.Made) - int(b.Made) })
	return out
}

// PasskeyCount is how many passkeys an operator has, also where this node cannot
// open them.
func (s *Service) PasskeyCount(id ID) int { return len(s.keyFields(id)) }

// keyed reports whether an operator has a passkey that can be shown somewhere.
func (s *Service) keyed(id ID) bool {
	return slices.ContainsFunc(s.Passkeys(id), func(p Passkey) bool { return p.Usable })
}

// Behind are the operators of whose passkeys one's counter has said less than
// before.
func (s *Service) Behind() (out []ID) {
	for _, id := range s.ids() {
		if slices.ContainsFunc(s.keyFields(id), func(field string) bool { return s.flag(id, field+"/behind") }) {
			out = append(out, id)
		}
	}
	return out
}

// NewPasskey asks an operator's browser, at a page of a party, for a new passkey
// of that name: they prove by their password that it is they. options are for the
// browser; the answer to question is FinishPasskey's. Errors: *Problem.
func (s *Service) NewPasskey(at passkey.Party, id ID, password, name string, from Device) (question string, options []byte, err error) {
	if name, err = checkAlias(name); err != nil {
		return "", nil, ErrPasskeyName
	}
	if s.PasskeyCount(id) >= MaxPasskeys {
		return "", nil, ErrPasskeysFull
	}
	o, err := s.own(id, password, "password", from)
	if err != nil {
		return "", nil, err
	}
	var have []passkey.Key
	for _, p := range s.Passkeys(id) {
		have = append(have, p.key)
	}
	options, q, err := at.New(s.cfg.Campus(), passkey.Holder{Handle: []byte(id), Name: o.Alias.Reveal(), Have: have})
	if err != nil {
		return "", nil, err
	}
	return s.asked.put(asked{at: at, q: q, by: id.By(), id: id, password: o.Password, name: name}), options, nil
}

// FinishPasskey keeps the passkey that the browser made. Errors: *Problem, the
// disk's.
func (s *Service) FinishPasskey(ctx context.Context, at passkey.Party, id ID, question string, answer []byte) error {
	a, ok := s.asked.take(question)
	if !ok || a.id != id || a.at != at {
		return ErrPasskeyStale
	}
	o, ok := s.Standing(id, a.password)
	if !ok {
		return ErrAgain
	}
	k, err := at.Made(a.q, []byte(id), answer)
	if err != nil {
		return ErrPasskeyMade
	}
	s.editing.Lock()
	defer s.editing.Unlock()
	if s.PasskeyCount(id) >= MaxPasskeys {
		return ErrPasskeysFull
	}
	for _, other := range s.ids() {
		if slices.ContainsFunc(s.Passkeys(other), func(p Passkey) bool { return string(p.key.ID) == string(k.ID) }) {
			return ErrPasskeyMade
		}
	}
	plain, err := json.Marshal(held{Name: a.name, Domain: at.Domain, Made: s.cfg.Today(), Key: k})
	if err != nil {
		return err
	}
	defer clear(plain)
	mine := s.text(10)
	all, err := s.sealed(id, passkeyField+mine, plain)
	if err != nil {
		return err
	}
	if k.Count > 0 {
		all = append(all, crdt.Setting{Key: key(id, passkeyField+mine+"/count"), Value: shape.Int(int64(k.Count))})
	}
	return s.write(ctx, o.ID.By(), "operator.passkey", string(id)+" "+mine, all...)
}

// DropPasskey takes one of an operator's own passkeys away. Errors: *Problem,
// ErrFactorNeeded where their role needs a second factor and nothing else is one;
// the disk's.
func (s *Service) DropPasskey(ctx context.Context, id ID, password, mine string, from Device) error {
	o, err := s.own(id, password, "password", from)
	if err != nil {
		return err
	}
	left := slices.ContainsFunc(s.Passkeys(id), func(p Passkey) bool { return p.Usable && p.Key != mine })
	if o.Factor == "" && !left && s.Required(o.Role) {
		return ErrFactorNeeded
	}
	return s.RemovePasskeys(ctx, id.By(), id, mine)
}

// RemovePasskeys takes passkeys away from an operator, all where none is named;
// what is not there is gone already. Errors: *Problem, the disk's.
func (s *Service) RemovePasskeys(ctx context.Context, by string, id ID, mine ...string) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	if _, ok := s.Get(id); !ok {
		return ErrUnknown
	}
	for _, field := range s.keyFields(id) {
		name := strings.TrimPrefix(field, passkeyField)
		if len(mine) > 0 && !slices.Contains(mine, name) {
			continue
		}
		at, _ := s.cfg.Settings.Setting(key(id, field))
		err := s.write(ctx, by, "operator.passkey_remove", string(id)+" "+name,
			crdt.Setting{Key: key(id, field), Value: shape.String("")},
			crdt.Setting{Key: key(id, field+"/"+at.Value.String()), Value: shape.Bytes(nil)})
		if err != nil {
			return err
		}
	}
	return nil
}
