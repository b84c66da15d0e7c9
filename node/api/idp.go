package api

import (
	"net/http"

	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
)

// IdentityProvider is what signs operators in beside passwords and passkeys. Its
// secret is not told.
type IdentityProvider struct {
	// Set: there is one. Opens: this node can say which.
	Set     bool                  `json:"set"`
	Opens   bool                  `json:"opens"`
	Issuer  string                `json:"issuer"`
	Client  string                `json:"client_id"`
	Tenants []string              `json:"tenants"`
	Domains []string              `json:"domains"`
	Groups  []operators.GroupRole `json:"groups"`
	Believe bool                  `json:"believe_addresses"`
}

func (a *API) idp(*http.Request) (any, error) {
	s := a.cfg.Node.Operators()
	p, ok := s.Provider()
	return IdentityProvider{
		Set: s.HasProvider(), Opens: ok, Issuer: p.Issuer, Client: p.Client, Believe: p.Believe,
		Tenants: append([]string{}, p.Tenants...), Domains: append([]string{}, p.Domains...), Groups: append([]operators.GroupRole{}, p.Groups...),
	}, nil
}

// IdentityProviderRequest sets an identity provider. Without a secret, the one that
// stands for the same issuer and client is kept.
type IdentityProviderRequest struct {
	Issuer  string                `json:"issuer"`
	Client  string                `json:"client_id"`
	Secret  Text                  `json:"client_secret,omitzero"`
	Tenants []string              `json:"tenants,omitempty"`
	Domains []string              `json:"domains,omitempty"`
	Groups  []operators.GroupRole `json:"groups,omitempty"`
	Believe bool                  `json:"believe_addresses,omitempty"`
}

func (a *API) setIdP(r *http.Request) (any, error) {
	var in IdentityProviderRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	err := a.cfg.Node.Operators().SetProvider(r.Context(), privacy.Operator, operators.Provider{
		Issuer: in.Issuer, Client: in.Client, Secret: in.Secret.Private, Tenants: in.Tenants, Domains: in.Domains, Groups: in.Groups, Believe: in.Believe,
	})
	if err != nil {
		return nil, err
	}
	return a.idp(r)
}

func (a *API) removeIdP(r *http.Request) (any, error) {
	if err := a.cfg.Node.Operators().RemoveProvider(r.Context(), privacy.Operator); err != nil {
		return nil, err
	}
	return a.idp(r)
}
