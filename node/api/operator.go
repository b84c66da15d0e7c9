package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
)

// Operator is one account. Alias is null where this node is no desk, or where
// nobody can open it any more.
type Operator struct {
	ID       operators.ID   `json:"id"`
	Alias    *Text          `json:"alias"`
	Role     operators.Role `json:"role"`
	Disabled bool           `json:"disabled"`
	// Once: the password is a one-time one that has not been used.
	Once bool `json:"once"`
	// Lost: the password has to be set anew.
	Lost bool `json:"lost"`
	// Factor: a second factor is asked for at every sign-in.
	Factor bool `json:"second_factor"`
	// Passkeys is how many they have.
	Passkeys int `json:"passkeys"`
}

// String is the id alone.
func (o Operator) String() string { return string(o.ID) }

// OperatorRequest asks for an account, or for a new password of one. Name is an
// alias or an id; Role is admin for the first operator and reception for others
// unless given. Without a password a one-time one is made.
type OperatorRequest struct {
	Name     Text   `json:"name"`
	Role     string `json:"role,omitempty"`
	Password Text   `json:"password,omitzero"`
}

// OperatorMade answers an OperatorRequest. Once is told this one time.
type OperatorMade struct {
	Operator
	Password *Text `json:"one_time_password"`
}

// OperatorChange asks for a change of an account: what is not named stays.
type OperatorChange struct {
	Name     Text   `json:"name"`
	Role     string `json:"role,omitempty"`
	Alias    *Text  `json:"alias,omitempty"`
	Disabled *bool  `json:"disabled,omitempty"`
	Remove   bool   `json:"remove,omitempty"`
	// RemoveFactor takes the second factor away.
	RemoveFactor bool `json:"remove_factor,omitempty"`
	// RemovePasskeys takes all passkeys away.
	RemovePasskeys bool `json:"remove_passkeys,omitempty"`
}

// FactorRule says whether who has a role needs a second factor.
type FactorRule struct {
	Role     string `json:"role"`
	Required bool   `json:"required"`
}

func (a *API) operatorOf(o operators.Operator) Operator {
	return Operator{
		ID: o.ID, Alias: textOf(o.Alias), Role: o.Role, Disabled: o.Disabled, Once: o.Once, Lost: o.Lost, Factor: o.Factor != "",
		Passkeys: a.cfg.Node.Operators().PasskeyCount(o.ID),
	}
}

func (a *API) listOperators(*http.Request) (any, error) {
	out := []Operator{}
	for _, o := range a.cfg.Node.Operators().List() {
		out = append(out, a.operatorOf(o))
	}
	return out, nil
}

func (a *API) addOperator(r *http.Request) (any, error) {
	var in OperatorRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s := a.cfg.Node.Operators()
	role := operators.Role(in.Role)
	if role == "" {
		role = operators.Reception
		if !s.Any() {
			role = operators.Admin
		}
	}
	o, once, err := s.Add(r.Context(), privacy.Operator, in.Name.Reveal(), role, in.Password.Reveal())
	if err != nil {
		return nil, err
	}
	return a.madeOf(o, in.Name, once), nil
}

// madeOf is the answer, with the alias as it was given where this node cannot
// read it back.
func (a *API) madeOf(o operators.Operator, given Text, once string) OperatorMade {
	if o.Alias == "" && given.Reveal() != string(o.ID) {
		o.Alias = given.Private
	}
	out := OperatorMade{Operator: a.operatorOf(o)}
	if once != "" {
		out.Operator.Once = true
		out.Password = textOf(record.Private(once))
	}
	return out
}

// resetOperator is the way back in: at the node that holds the root, or at
// another issuer, with nobody's password. Second factor and passkeys go with it.
func (a *API) resetOperator(r *http.Request) (any, error) {
	var in OperatorRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if !a.cfg.Node.Self().MayIssue && !a.cfg.Node.HoldsRoot() {
		return nil, operators.ErrNotIssuer
	}
	s := a.cfg.Node.Operators()
	o, err := s.Find(in.Name.Reveal())
	if err != nil {
		return nil, err
	}
	once, err := s.Recover(r.Context(), privacy.Operator, o.ID, in.Password.Reveal())
	if err != nil {
		return nil, err
	}
	o, _ = s.Get(o.ID)
	return a.madeOf(o, in.Name, once), nil
}

func (a *API) changeOperator(r *http.Request) (any, error) {
	var in OperatorChange
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s := a.cfg.Node.Operators()
	o, err := s.Find(in.Name.Reveal())
	if err != nil {
		return nil, err
	}
	ctx, by := r.Context(), privacy.Operator
	if in.Remove {
		return a.operatorOf(o), s.Remove(ctx, by, o.ID)
	}
	if in.Alias != nil {
		err = s.Rename(ctx, by, o.ID, in.Alias.Reveal())
	}
	if err == nil && in.Role != "" {
		err = s.SetRole(ctx, by, o.ID, operators.Role(in.Role))
	}
	if err == nil && in.Disabled != nil {
		err = s.SetDisabled(ctx, by, o.ID, *in.Disabled)
	}
	if err == nil && in.RemoveFactor {
		err = s.RemoveFactor(ctx, by, o.ID)
	}
	if err == nil && in.RemovePasskeys {
		err = s.RemovePasskeys(ctx, by, o.ID)
	}
	if err != nil {
		return nil, err
	}
	o, _ = s.Get(o.ID)
	return a.operatorOf(o), nil
}

func (a *API) factorRules(*http.Request) (any, error) {
	out := []FactorRule{}
	for _, role := range operators.Roles() {
		out = append(out, FactorRule{string(role), a.cfg.Node.Operators().Required(role)})
	}
	return out, nil
}

func (a *API) setFactorRule(r *http.Request) (any, error) {
	var in FactorRule
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Operators().SetRequired(r.Context(), privacy.Operator, operators.Role(in.Role), in.Required); err != nil {
		return nil, err
	}
	return in, nil
}
