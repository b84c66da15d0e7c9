// Package idp asks an identity provider who somebody is, by OpenID Connect: the
// authorization code with PKCE, a nonce and a state. It knows no operator and
// keeps nothing of anybody; of a provider it keeps in memory where it is and its
// keys, for an hour.
//
// Invariant: what it says of somebody was signed by the provider, for this client,
// now, in answer to the one question that it is held against.
package idp

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// patience bounds a request to the provider, and most its answer.
	patience, most = 10 * time.Second, 1 << 20
	// known is for how long it is known where a provider is, and pause for how long
	// one that could not be reached is not asked again: who waits at the screen to sign
	// in is told at once, however many do.
	known = time.Hour
	pause = 5 * time.Second
)

// Errors; none says more, since what a provider answers may name somebody.
var (
	// ErrAway: the provider cannot be reached, or is not what it should be.
	ErrAway = errors.New("the identity provider cannot be reached")
	// ErrAnswer: it does not say, or not to us and now, who somebody is.
	ErrAnswer = errors.New("the identity provider's answer was not accepted")
)

// Provider is a provider, and what it knows this campus as.
type Provider struct {
	Issuer, Client, Secret string
}

// Question is what a provider was asked: each is held against one answer.
type Question struct {
	provider        Provider
	redirect        string
	nonce, verifier string
	State           string
}

// Person is what a provider says of somebody.
type Person struct {
	// Subject is the provider's name for them, for good.
	Subject, Tenant string
	Email           string
	// Verified: the provider says that the address is theirs. Denied: it says that
	// it may not be.
	Verified, Denied bool
	// Groups are groups and roles, as far as the token tells them.
	Groups []string
	// Twice: they have shown two factors.
	Twice bool
}

// Asker asks providers. Safe for concurrent use.
type Asker struct {
	now    func() time.Time
	client *http.Client

	// asking is held by who asks where a provider is, and guards the rest.
	asking chan struct{}
	held   *oidc.Provider // nil: it could not be reached
	of     string
	at     time.Time
}

// New makes an Asker. through carries its requests; nil: the network.
func New(now func() time.Time, through http.RoundTripper) *Asker {
	if through == nil {
		through = http.DefaultTransport
	}
	return &Asker{now: now, asking: make(chan struct{}, 1), client: &http.Client{Timeout: patience, Transport: bounded{through}}}
}

// CheckIssuer reports whether an issuer can be asked: over TLS, or at this
// machine itself.
func CheckIssuer(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(issuer) > 300 {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Begin asks who somebody is: their browser goes to the address that it returns,
// and comes back to redirect. Errors: ErrAway.
func (a *Asker) Begin(ctx context.Context, p Provider, redirect string) (to string, q Question, err error) {
	found, err := a.provider(ctx, p.Issuer)
	if err != nil {
		return "", q, err
	}
	q = Question{provider: p, redirect: redirect, nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), State: rand.Text()}
	return q.config(found).AuthCodeURL(q.State, oidc.Nonce(q.nonce), oauth2.S256ChallengeOption(q.verifier)), q, nil
}

func (q Question) config(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: q.provider.Client, ClientSecret: q.provider.Secret, Endpoint: found.Endpoint(), RedirectURL: q.redirect,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// Finish is who the provider says somebody is who came back with a code. Errors:
// ErrAway, ErrAnswer.
func (a *Asker) Finish(ctx context.Context, q Question, code string) (Person, error) {
	found, err := a.provider(ctx, q.provider.Issuer)
	if err != nil {
		return Person{}, err
	}
	ctx = oidc.ClientContext(ctx, a.client)
	token, err := q.config(found).Exchange(ctx, code, oauth2.VerifierOption(q.verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500:
		return Person{}, ErrAnswer
	case err != nil:
		return Person{}, ErrAway
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Person{}, ErrAnswer
	}
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: q.provider.Client, Now: a.now}).Verify(ctx, raw)
	if err != nil || id.Subject == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(q.nonce)) != 1 {
		return Person{}, ErrAnswer
	}
	var c claims
	if err := id.Claims(&c); err != nil || c.Party != "" && c.Party != q.provider.Client {
		return Person{}, ErrAnswer
	}
	return c.person(id.Subject), nil
}

// provider is where a provider is, by its own word. Its keys are asked for anew
// when it signs with one that is not known. One asks at a time, for all who wait.
func (a *Asker) provider(ctx context.Context, issuer string) (*oidc.Provider, error) {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	select {
	case a.asking <- struct{}{}:
		defer func() { <-a.asking }()
	case <-ctx.Done():
		return nil, ErrAway
	}
	if found, fresh := a.last(issuer); found != nil {
		return found, nil
	} else if fresh {
		return nil, ErrAway
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, a.client), issuer)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return nil, ErrAway // it was the browser that went away
	}
	if a.held, a.of, a.at = found, issuer, a.now(); err != nil {
		a.held = nil
		return nil, ErrAway
	}
	return found, nil
}

// last is where a provider was when it was asked last; fresh: of late, whether or
// not it was found. Callers hold asking.
func (a *Asker) last(issuer string) (found *oidc.Provider, fresh bool) {
	age := a.now().Sub(a.at).Abs()
	switch {
	case a.of != issuer:
	case a.held == nil:
		return nil, age < pause
	case age < known:
		return a.held, true
	}
	return nil, false
}

// bounded reads no more of an answer than can be one.
type bounded struct{ through http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.through.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, most), res.Body}
	}
	return res, err
}
