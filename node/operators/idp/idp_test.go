package idp_test

import (
	"errors"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/node/operators/idp"
	"github.com/upprop/upprop/node/operators/idp/idptest"
)

const redirect = "https://desk1.upprop.example.se/login/idp/back"

func TestWhoSomebodyIs(t *testing.T) {
	p := idptest.New(t)
	a := idp.New(time.Now, nil)
	campus := idp.Provider{Issuer: p.URL, Client: idptest.Client, Secret: idptest.Secret}
	come := func(q func(url.Values), claims map[string]any) (idp.Person, error) {
		t.Helper()
		to, question, err := a.Begin(t.Context(), campus, redirect)
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to)
		asked := u.Query()
		if asked.Get("redirect_uri") != redirect || asked.Get("response_type") != "code" || asked.Get("nonce") == "" || asked.Get("state") != question.State {
			t.Fatal(asked)
		}
		if q != nil {
			q(asked)
			u.RawQuery = asked.Encode()
		}
		return a.Finish(t.Context(), question, p.Authorize(u.String(), claims).Get("code"))
	}
	got, err := come(nil, map[string]any{
		"email": "astrid@example.se", "email_verified": true, "tid": "tenant", "groups": []string{"g1"}, "roles": "r1", "amr": []string{"pwd", "mfa"},
	})
	if err != nil || got.Subject != "subject" || got.Email != "astrid@example.se" || !got.Verified || got.Tenant != "tenant" || !got.Twice || !slices.Equal(got.Groups, []string{"g1", "r1"}) {
		t.Fatalf("%+v %v", got, err)
	}
	if got, err = come(nil, map[string]any{"email": "x@example.se", "email_verified": "false"}); err != nil || got.Verified || !got.Denied {
		t.Fatalf("%+v %v", got, err)
	}
	past := time.Now().Add(-time.Hour).Unix()
	for name, claims := range map[string]map[string]any{
		"nonce":   {"nonce": "another"},
		"aud":     {"aud": "another"},
		"azp":     {"azp": "another", "aud": []string{idptest.Client, "another"}},
		"iss":     {"iss": "https://evil.example"},
		"expired": {"exp": past},
		"nobody":  {"sub": ""},
	} {
		if _, err := come(nil, claims); !errors.Is(err, idp.ErrAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := come(func(q url.Values) { q.Set("code_challenge", "another") }, nil); !errors.Is(err, idp.ErrAnswer) {
		t.Error("without the verifier:", err)
	}
	_, question, err := a.Begin(t.Context(), campus, redirect)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Finish(t.Context(), question, "no code"); !errors.Is(err, idp.ErrAnswer) {
		t.Error(err)
	}
	// A key that is changed is asked for; one that is nobody's is not taken.
	p.Rotate()
	if _, err := come(nil, nil); err != nil {
		t.Error("after a new key:", err)
	}
	p.Away(true)
	if _, err := a.Finish(t.Context(), question, "code"); !errors.Is(err, idp.ErrAway) {
		t.Error(err)
	}
	if _, _, err := idp.New(time.Now, nil).Begin(t.Context(), campus, redirect); !errors.Is(err, idp.ErrAway) {
		t.Error(err)
	}
	p.Away(false)
	campus.Issuer += "/other"
	if _, _, err := a.Begin(t.Context(), campus, redirect); !errors.Is(err, idp.ErrAway) {
		t.Error("an issuer that calls itself something else:", err)
	}
}

func TestIssuersThatCanBeAsked(t *testing.T) {
	for s, ok := range map[string]bool{
		"https://login.microsoftonline.com/0c0/v2.0": true, "http://127.0.0.1:8080": true, "http://localhost:8080/x": true,
		"http://login.example.se": false, "login.example.se": false, "https://": false, "https://a@b.se": false, "https://b.se?x=1": false, "": false,
	} {
		if idp.CheckIssuer(s) != ok {
			t.Errorf("%q", s)
		}
	}
}
