package idp_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// gone is a provider that nobody reaches, and counts who tries.
type gone struct{ tries atomic.Int32 }

func (g *gone) RoundTrip(*http.Request) (*http.Response, error) {
	g.tries.Add(1)
	time.Sleep(5 * time.Second)
	return nil, errors.New("nobody answers")
}

// However many want to sign in while the provider is away, one request goes there
// at a time, and nobody waits for those of all others.
func TestManyWhoAskAProviderThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gone
		a, began := idp.New(time.Now, &g), time.Now()
		ask := func() {
			if _, _, err := a.Begin(t.Context(), idp.Provider{Issuer: "https://login.example.se"}, redirect); !errors.Is(err, idp.ErrAway) {
				t.Error(err)
			}
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(ask)
		}
		all.Wait()
		if took := time.Since(began); took != 5*time.Second || g.tries.Load() != 1 {
			t.Errorf("%d requests, %v", g.tries.Load(), took)
		}
		time.Sleep(6 * time.Second)
		if ask(); g.tries.Load() != 2 {
			t.Error("it is not asked again")
		}
	})
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
