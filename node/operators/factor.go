package operators

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"net/url"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// A second factor is two settings more of an account, and of the campus one for
// each role:
//
//	operator/ID/factor                which factor stands, by its mark; empty: none
//	operator/ID/factor/MARK           that, sealed for desks: see factor
//	operator/ID/factor/MARK/used/N    truth value: recovery code N was used
//	operators.factor/ROLE             truth value: who has the role needs one
//
// While one stands, the password's box has its hash under another name: a
// release that knows no factors finds none there, and lets nobody in.
const requiredPrefix = "operators.factor/"

// RecoveryCodes is how many one-time codes come with a factor.
const RecoveryCodes = 10

// factor is what is sealed of a second factor.
type factor struct {
	// Secret is that of RFC 6238, as phones take it: base32 without padding.
	Secret string `json:"secret"`
	// Codes are hashes of the recovery codes, by number.
	Codes [][]byte `json:"codes"`
}

// NewFactor is a secret that is nobody's before SetFactor.
func (s *Service) NewFactor() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.random(20))
}

// FactorURI is a secret as phones read it from a QR code.
func FactorURI(secret, campus, alias string) string {
	q := url.Values{"secret": {secret}, "issuer": {campus}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	// Not QueryEscape's plus: phones show it as such.
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + campus + ":" + alias, RawQuery: spaces.Replace(q.Encode())}
	return u.String()
}

// SetFactor gives an operator a second factor of their own, in place of any that
// stood: it counts when a code proves that their device has the secret. It
// returns the recovery codes, which nobody can be told again. Errors: *Problem,
// the disk's.
func (s *Service) SetFactor(ctx context.Context, id ID, password, secret, code string, from Device) (codes []string, err error) {
	o, err := s.own(id, password, "password", from)
	if err != nil {
		return nil, err
	}
	step, ok := s.step(secret, code)
	if !ok {
		return nil, s.wrongCode()
	}
	f := factor{Secret: secret}
	for range RecoveryCodes {
		one := s.text(codeSize)
		codes = append(codes, one[:4]+"-"+one[4:8]+"-"+one[8:])
		f.Codes = append(f.Codes, hashCode(id, one))
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	s.editing.Lock()
	defer s.editing.Unlock()
	all, err := s.sealed(id, "factor", plain)
	if err != nil {
		return nil, err
	}
	if err := s.use(id, all[1].Value.String(), step); err != nil {
		return nil, err
	}
	formed, err := s.formed(id, true)
	if err != nil {
		return nil, err
	}
	return codes, s.write(ctx, o.ID.By(), "operator.factor", string(id), append(all, formed...)...)
}

// DropFactor takes an operator's own second factor away. Errors: *Problem,
// ErrFactorNeeded where the role needs one; the disk's.
func (s *Service) DropFactor(ctx context.Context, id ID, password string, from Device) error {
	o, err := s.own(id, password, "password", from)
	switch {
	case err != nil:
		return err
	case s.Required(o.Role) && !s.keyed(id):
		return ErrFactorNeeded
	}
	return s.RemoveFactor(ctx, id.By(), id)
}

// RemoveFactor takes the second factor away from an operator who has lost it;
// who has none is left as they are. Errors: *Problem, the disk's.
func (s *Service) RemoveFactor(ctx context.Context, by string, id ID) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	o, ok := s.Get(id)
	switch {
	case !ok:
		return ErrUnknown
	case o.Factor == "":
		return nil
	}
	formed, err := s.formed(id, false)
	if err != nil {
		return err
	}
	return s.write(ctx, by, "operator.factor_remove", string(id), append([]crdt.Setting{
		{Key: key(id, "factor"), Value: shape.String("")},
		{Key: key(id, "factor/"+o.Factor), Value: shape.Bytes(nil)},
	}, formed...)...)
}

// Recover is Reset for who is locked out: their second factor goes as well, and
// their passkeys.
// Errors: *Problem, the disk's.
func (s *Service) Recover(ctx context.Context, by string, id ID, password string) (once string, err error) {
	if err := s.RemoveFactor(ctx, by, id); err != nil {
		return "", err
	}
	if err := s.RemovePasskeys(ctx, by, id); err != nil {
		return "", err
	}
	return s.Reset(ctx, by, id, password)
}

// CodesLeft is how many recovery codes an operator has left.
func (s *Service) CodesLeft(id ID) (n int) {
	f, mark, err := s.factor(id)
	for i := range f.Codes {
		if err == nil && !s.codeUsed(id, mark, i) {
			n++
		}
	}
	return n
}

// Required reports whether who has a role needs a second factor.
func (s *Service) Required(r Role) bool {
	one, ok := s.cfg.Settings.Setting(requiredPrefix + string(r))
	return ok && one.Value.Bool()
}

// SetRequired says whether who has a role needs a second factor: who has none
// sets one up when they sign in next. Errors: *Problem, the disk's.
func (s *Service) SetRequired(ctx context.Context, by string, r Role, on bool) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	if _, err := ParseRole(string(r)); err != nil {
		return err
	}
	what := "operator.factor_waive"
	if on {
		what = "operator.factor_require"
	}
	return s.write(ctx, by, what, string(r), crdt.Setting{Key: requiredPrefix + string(r), Value: shape.Bool(on)})
}

// Owes reports whether an operator's role needs a factor and they have none: a
// passkey is one.
func (s *Service) Owes(o Operator) bool {
	return o.Factor == "" && s.Required(o.Role) && !s.keyed(o.ID)
}

func (s *Service) factor(id ID) (out factor, mark string, err error) {
	plain, mark, err := s.open(id, "factor")
	if err != nil {
		return out, mark, err
	}
	defer clear(plain)
	return out, mark, json.Unmarshal(plain, &out)
}

// factored is the mark of the factor that stands; empty: none does.
func (s *Service) factored(id ID) string {
	one, _ := s.cfg.Settings.Setting(key(id, "factor"))
	return one.Value.String()
}

// formed is the password that stands, sealed anew under its own mark in the form
// that it has beside a factor, or without one; nothing where it has that, or
// where this node may not open it.
func (s *Service) formed(id ID, factored bool) ([]crdt.Setting, error) {
	sec, mark, err := s.secret(id)
	if err != nil || sec.factored() == factored {
		return nil, nil
	}
	plain := sec.encode(factored)
	defer clear(plain)
	box, err := s.cfg.Vault.SealForDesks(label(id, "password", mark), s.cfg.Today()+ahead, plain)
	if err != nil {
		return nil, err
	}
	return []crdt.Setting{{Key: key(id, "password/"+mark), Value: shape.Bytes(box)}}, nil
}
