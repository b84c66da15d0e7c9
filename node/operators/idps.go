package operators

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/operators/idp"
)

// An identity provider is one box more, and of each operator that it has let in:
//
//	operator/idp/provider          which box stands, by its mark; empty: none
//	operator/idp/provider/MARK     that, sealed for desks: see Provider
//	operator/ID/idp                and ID/idp/MARK: by which name it knows them,
//	                               hashed
const (
	campusID      = ID("idp")
	providerField = "provider"
	idpField      = "idp"
	// byProvider is on record for what a provider had done.
	byProvider = "identity provider"
	// MaxGroups is how many groups may stand for roles.
	MaxGroups = 50
)

// Provider is an identity provider that signs operators in, beside passwords and
// passkeys, which go on without it.
type Provider struct {
	Issuer string `json:"issuer"`
	Client string `json:"client"`
	// Secret prints nothing.
	Secret record.Private `json:"-"`
	// Tenants and Domains are whom it may let in, of directories by their id, and by
	// the domain of an address; empty: all.
	Tenants []string `json:"tenants,omitempty"`
	Domains []string `json:"domains,omitempty"`
	// Groups say which role who is in a group has, the first that fits; empty: the
	// provider changes no role, and lets operators in alone who are there already.
	Groups []GroupRole `json:"groups,omitempty"`
	// Believe takes addresses for true that the provider does not say are verified.
	Believe bool `json:"believe,omitempty"`
}

// GroupRole gives who is in a group of the provider's a role.
type GroupRole struct {
	Group string `json:"group"`
	Role  Role   `json:"role"`
}

// stored is a Provider as it is sealed.
type stored struct {
	Provider
	Secret string `json:"secret"`
}

// Provider is the identity provider that is set; false where there is none, or
// where this node cannot open it.
func (s *Service) Provider() (Provider, bool) {
	plain, _, err := s.open(campusID, providerField)
	if err != nil {
		return Provider{}, false
	}
	defer clear(plain)
	var x stored
	if json.Unmarshal(plain, &x) != nil {
		return Provider{}, false
	}
	x.Provider.Secret = record.Private(x.Secret)
	return x.Provider, true
}

// HasProvider reports whether one is set, also where this node cannot open it.
func (s *Service) HasProvider() bool {
	at, _ := s.cfg.Settings.Setting(key(campusID, providerField))
	return at.Value.String() != ""
}

// SetProvider sets the identity provider; without a secret, that which stands for
// the same issuer and client is kept. Errors: *Problem, the disk's.
func (s *Service) SetProvider(ctx context.Context, by string, p Provider) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	if old, ok := s.Provider(); ok && p.Secret == "" && old.Issuer == p.Issuer && old.Client == p.Client {
		p.Secret = old.Secret
	}
	if err := p.check(); err != nil {
		return err
	}
	plain, err := json.Marshal(stored{p, p.Secret.Reveal()})
	if err != nil {
		return err
	}
	defer clear(plain)
	all, err := s.sealed(campusID, providerField, plain)
	if err != nil {
		return err
	}
	return s.write(ctx, by, "operator.idp", "", all...)
}

// RemoveProvider takes the identity provider away. Errors: *Problem, the disk's.
func (s *Service) RemoveProvider(ctx context.Context, by string) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	at, _ := s.cfg.Settings.Setting(key(campusID, providerField))
	mark := at.Value.String()
	if mark == "" {
		return nil
	}
	return s.write(ctx, by, "operator.idp_remove", "",
		crdt.Setting{Key: key(campusID, providerField), Value: shape.String("")},
		crdt.Setting{Key: key(campusID, providerField+"/"+mark), Value: shape.Bytes(nil)})
}

func (p Provider) check() error {
	short := func(all []string) bool {
		return len(all) <= MaxGroups && !slices.ContainsFunc(all, func(s string) bool { return s == "" || len(s) > 200 || strings.ContainsAny(s, " \t\r\n") })
	}
	switch {
	case !idp.CheckIssuer(p.Issuer):
		return ErrIssuer
	case p.Client == "" || len(p.Client) > 200:
		return ErrClient
	case p.Secret == "" || len(p.Secret) > 1000:
		return ErrClientSecret
	case !short(p.Tenants) || !short(p.Domains):
		return ErrWhom
	case len(p.Groups) > MaxGroups:
		return ErrGroups
	}
	for _, g := range p.Groups {
		if _, err := ParseRole(string(g.Role)); err != nil || g.Group == "" || len(g.Group) > 200 {
			return ErrGroups
		}
	}
	return nil
}

// waiting are those who went to the provider and have not come back, in memory
// only, each once.
type waiting struct {
	mu   sync.Mutex
	held map[string]gone
}

type gone struct {
	q     idp.Question
	mark  string
	addr  string // of the device
	since time.Time
}

// AskProvider sends a browser to the identity provider, to come back to redirect.
// The browser is to keep state and to show it when it comes. Errors: *Problem.
func (s *Service) AskProvider(ctx context.Context, redirect string, from Device) (to, state string, err error) {
	p, ok := s.Provider()
	if !s.cfg.Desk() || !ok {
		return "", "", ErrNoProvider
	}
	to, q, err := s.asker.Begin(ctx, idp.Provider{Issuer: p.Issuer, Client: p.Client, Secret: p.Secret.Reveal()}, redirect)
	if err != nil {
		return "", "", ErrProviderAway
	}
	at, _ := s.cfg.Settings.Setting(key(campusID, providerField))
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	now := s.cfg.Now()
	oldest := func(of func(gone) bool) (state string, n int) {
		for name, one := range s.waiting.held {
			if !of(one) {
				continue
			}
			if n++; state == "" || one.since.Before(s.waiting.held[state].since) {
				state = name
			}
		}
		return state, n
	}
	maps.DeleteFunc(s.waiting.held, func(_ string, one gone) bool { return now.Sub(one.since).Abs() >= askedFor })
	if state, n := oldest(func(one gone) bool { return one.addr == from.Addr }); n >= maxAskedOf {
		delete(s.waiting.held, state)
	}
	if state, n := oldest(func(gone) bool { return true }); n >= maxAsked {
		delete(s.waiting.held, state)
	}
	s.waiting.held[q.State] = gone{q, at.Value.String(), from.Addr, now}
	return to, q.State, nil
}

// SignInProvider finds the operator whom the provider says somebody is who came
// back with a state and a code. once is a new one-time password where they have
// none of their own, with which they choose one: nobody depends on the provider.
// proved: they have shown two factors there. Who has a second factor here and
// shown none there has not signed in before Confirm. Errors: *Problem, ctx's, what
// Act refuses, the disk's.
func (s *Service) SignInProvider(ctx context.Context, state, code string, from Device) (o Operator, once string, proved bool, err error) {
	keys := from.providerKeys()
	if wait := s.limits.begin(keys); wait > 0 {
		return o, "", false, errWaitProvider(wait)
	}
	s.waiting.mu.Lock()
	one, ok := s.waiting.held[state]
	delete(s.waiting.held, state)
	s.waiting.mu.Unlock()
	p, set := s.Provider()
	at, _ := s.cfg.Settings.Setting(key(campusID, providerField))
	if !ok || !set || !s.cfg.Desk() || at.Value.String() != one.mark || s.cfg.Now().Sub(one.since).Abs() >= askedFor {
		return o, "", false, ErrProviderStale
	}
	who, err := s.asker.Finish(ctx, one.q, code)
	switch {
	case errors.Is(err, idp.ErrAway):
		s.limits.right(keys)
		return o, "", false, ErrProviderAway
	case err != nil:
		s.note("", "login.idp_wrong")
		return o, "", false, ErrProviderAnswer
	}
	s.limits.right(keys)
	if o, err = s.meant(ctx, p, who); err != nil {
		s.note(o.ID, "login.idp_refused")
		return o, "", false, err
	}
	if o.Once {
		if once, err = s.Reset(ctx, byProvider, o.ID, ""); err != nil {
			return o, "", false, err
		}
		o, _ = s.Get(o.ID)
	}
	if !who.Twice && o.Factor == "" && s.Required(o.Role) && s.keyed(o.ID) {
		s.note(o.ID, "login.passkey_needed")
		return o, "", false, ErrPasskeyNeeded
	}
	if who.Twice || o.Factor == "" {
		if err := s.cfg.Act(o.ID.By(), "login", "idp"); err != nil {
			return o, "", false, err
		}
	}
	return o, once, who.Twice, nil
}

// meant is the operator whom a provider means: whom it has let in before by that
// name of theirs, else one whose name here is their address, else, where their
// groups give a role, a new one.
func (s *Service) meant(ctx context.Context, p Provider, who idp.Person) (o Operator, err error) {
	email := ""
	if who.Verified || p.Believe && !who.Denied {
		email = strings.ToLower(strings.TrimSpace(who.Email))
	}
	_, domain, _ := strings.Cut(email, "@")
	same := func(a string) func(string) bool { return func(b string) bool { return strings.EqualFold(a, b) } }
	if len(p.Tenants) > 0 && !slices.ContainsFunc(p.Tenants, same(who.Tenant)) || len(p.Domains) > 0 && (domain == "" || !slices.ContainsFunc(p.Domains, same(domain))) {
		return o, ErrProviderRefused
	}
	role := Role("")
	for _, g := range p.Groups {
		if slices.Contains(who.Groups, g.Group) {
			role = g.Role
			break
		}
	}
	if len(p.Groups) > 0 && role == "" {
		return o, ErrProviderRefused
	}
	subject := subjectOf(p.Issuer, who.Subject)
	o, known := s.linked(subject)
	if !known {
		found := s.named(email)
		switch {
		case len(found) == 1 && s.unbound(found[0].ID, subject[:sha256.Size]):
			o = found[0]
		case len(found) > 0 || role == "" || email == "":
			return o, ErrProviderUnknown
		default:
			if o, _, err = s.Add(ctx, byProvider, email, role, ""); err != nil {
				return o, err
			}
		}
	}
	if o.Disabled {
		return o, ErrProviderRefused
	}
	if !known {
		if err := s.link(ctx, o.ID, subject); err != nil {
			return o, err
		}
	}
	if role != "" && o.Role != role {
		if err := s.SetRole(ctx, byProvider, o.ID, role); err != nil && !errors.Is(err, ErrLastAdmin) {
			return o, err
		}
		o, _ = s.Get(o.ID)
	}
	return o, nil
}

// subjectOf is what is kept of a provider's name for somebody: two hashes, of the
// provider and of both, which say nothing to whoever does not have those. Whom one
// provider knows may be bound anew to another that takes its place, and to no
// second person of the same.
func subjectOf(issuer, subject string) string {
	one, both := sha256.Sum256([]byte("upprop/idp/1\x00"+issuer)), sha256.Sum256([]byte("upprop/idp/1\x00"+issuer+"\x00"+subject))
	return string(one[:]) + string(both[:])
}

func (s *Service) linkOf(id ID) string {
	plain, _, err := s.open(id, idpField)
	if err != nil {
		return ""
	}
	return string(plain)
}

// unbound reports whether an account may be bound to somebody of a provider: it is
// bound to nobody there. One that is, to whom cannot be read here, may be.
func (s *Service) unbound(id ID, provider string) bool {
	plain, mark, err := s.open(id, idpField)
	return mark == "" || err == nil && !strings.HasPrefix(string(plain), provider)
}

func (s *Service) linked(subject string) (Operator, bool) {
	for _, id := range s.ids() {
		if s.linkOf(id) == subject {
			return s.Get(id)
		}
	}
	return Operator{}, false
}

func (s *Service) link(ctx context.Context, id ID, subject string) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	all, err := s.sealed(id, idpField, []byte(subject))
	if err != nil {
		return err
	}
	return s.write(ctx, byProvider, "operator.idp_link", string(id), all...)
}

// ProviderName is how people know a provider: its host.
func (p Provider) ProviderName() string {
	u, err := url.Parse(p.Issuer)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
