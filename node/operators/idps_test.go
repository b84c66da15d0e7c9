package operators

import (
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/operators/idp/idptest"
)

const backTo = "https://desk1.upprop.example.se/login/idp/back"

func providerOf(p *idptest.Provider) Provider {
	return Provider{Issuer: p.URL, Client: idptest.Client, Secret: idptest.Secret}
}

func (d *desk) provider(t testing.TB, p Provider) {
	t.Helper()
	if err := d.SetProvider(t.Context(), "test", p); err != nil {
		t.Fatal(err)
	}
}

// come is somebody who signs in by a provider that says this of them.
func (d *desk) come(t testing.TB, p *idptest.Provider, claims map[string]any) (Operator, string, bool, error) {
	t.Helper()
	to, state, err := d.AskProvider(t.Context(), backTo, Device{Addr: d.text(8)})
	if err != nil {
		t.Fatal(err)
	}
	back := p.Authorize(to, claims)
	if back.Get("state") != state {
		t.Fatal("another state came back")
	}
	return d.SignInProvider(t.Context(), state, back.Get("code"), Device{Addr: d.text(8)})
}

func says(sub, email string, groups ...string) map[string]any {
	return map[string]any{"sub": sub, "email": email, "email_verified": true, "groups": groups, "tid": "t1"}
}

func TestProviderLetsInWhoIsThere(t *testing.T) {
	p := idptest.New(t)
	c := newCampus()
	c.now = time.Now()
	a, b := c.desk(t, "a"), c.desk(t, "b")
	o := a.add(t, "Astrid@example.se", Reception, good)
	a.provider(t, providerOf(p))
	if got := a.last(); got != (line{"test", "operator.idp", ""}) {
		t.Fatal("on record is", got)
	}
	_, _, _, err := a.come(t, p, says("s1", "bo@example.se"))
	wants(t, err, ErrProviderUnknown)
	if got := a.last(); got != (line{"somebody", "login.idp_refused", ""}) {
		t.Fatal("on record is", got)
	}
	unverified := says("s1", "astrid@example.se")
	delete(unverified, "email_verified")
	_, _, _, err = a.come(t, p, unverified)
	wants(t, err, ErrProviderUnknown)
	in, once, _, err := a.come(t, p, says("s1", "astrid@example.se"))
	if err != nil || in.ID != o.ID || once != "" || in.Role != Reception {
		t.Fatal(in, once, err)
	}
	if got := a.last(); got != (line{o.ID.By(), "login", "idp"}) {
		t.Fatal("on record is", got)
	}
	// From here on it is they whom the provider knows, at every desk, whatever
	// address they have; and nobody else who is given theirs.
	heal(t, a, b)
	if in, _, _, err = b.come(t, p, says("s1", "astrid.ek@example.se")); err != nil || in.ID != o.ID {
		t.Fatal(in, err)
	}
	_, _, _, err = b.come(t, p, says("s2", "astrid@example.se"))
	wants(t, err, ErrProviderUnknown)
	if err := b.SetDisabled(t.Context(), "test", o.ID, true); err != nil {
		t.Fatal(err)
	}
	_, _, _, err = b.come(t, p, says("s1", "astrid@example.se"))
	wants(t, err, ErrProviderRefused)
	for _, one := range b.cfg.Settings.Settings(prefix) {
		if v := one.Value.String(); strings.Contains(v, "astrid@") || strings.Contains(v, p.URL) {
			t.Error("in clear is", one.Key)
		}
	}
}

func TestProviderGivesRoles(t *testing.T) {
	p := idptest.New(t)
	c := newCampus()
	c.now = time.Now()
	d := c.desk(t, "a")
	d.add(t, "boss", Admin, good)
	x := providerOf(p)
	x.Tenants, x.Domains = []string{"t1"}, []string{"example.se"}
	x.Groups = []GroupRole{{"g-security", Security}, {"g-reception", Reception}}
	d.provider(t, x)
	for name, claims := range map[string]map[string]any{
		"no group":         says("s9", "bo@example.se"),
		"another group":    says("s9", "bo@example.se", "g-other"),
		"another domain":   says("s9", "bo@evil.example", "g-reception"),
		"another tenant":   {"sub": "s9", "tid": "t2", "email": "bo@example.se", "email_verified": true, "groups": []string{"g-reception"}},
		"nobody's address": {"sub": "s9", "tid": "t1", "email": "bo@example.se", "email_verified": false, "groups": []string{"g-reception"}},
	} {
		if _, _, _, err := d.come(t, p, claims); IsProblem(err) == nil || IsProblem(err).Key != ErrProviderRefused.Key {
			t.Errorf("%s: %v", name, err)
		}
	}
	in, once, _, err := d.come(t, p, says("s1", "Bo@example.se", "g-reception"))
	if err != nil || in.Role != Reception || in.Alias != "bo@example.se" || once == "" || !in.Once {
		t.Fatal(in, err)
	}
	// Until they have chosen a password they are given one to choose it with.
	again, twice, _, err := d.come(t, p, says("s1", "bo@example.se", "g-security"))
	if err != nil || again.ID != in.ID || again.Role != Security || twice == "" || twice == once {
		t.Fatal(again, err)
	}
	if _, err := d.Replace(t.Context(), in.ID, twice, good, away); err != nil {
		t.Fatal(err)
	}
	if in, once, _, err = d.come(t, p, says("s1", "bo@example.se", "g-security")); err != nil || once != "" || in.Once {
		t.Fatal(in, err)
	}
	// The provider does not take the last admin away.
	if err := d.SetRole(t.Context(), "test", in.ID, Admin); err != nil {
		t.Fatal(err)
	}
	boss, err := d.Find("boss")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(t.Context(), "test", boss.ID); err != nil {
		t.Fatal(err)
	}
	if in, _, _, err = d.come(t, p, says("s1", "bo@example.se", "g-security")); err != nil || in.Role != Admin {
		t.Fatal(in.Role, err)
	}
}

// TestProviderAndSecondFactors: one that has seen two is believed, and who has
// one here and shown one there has not signed in yet.
func TestProviderAndSecondFactors(t *testing.T) {
	p := idptest.New(t)
	c := newCampus()
	c.now = time.Now()
	d := c.desk(t, "a")
	o := d.add(t, "astrid@example.se", Admin, good)
	d.provider(t, providerOf(p))
	c.factored(t, d, o)
	c.now = time.Now()
	in, _, proved, err := d.come(t, p, says("s1", "astrid@example.se"))
	if err != nil || proved || in.Factor == "" || d.last().what == "login" {
		t.Fatal(in, proved, err, d.last())
	}
	mfa := says("s1", "astrid@example.se")
	mfa["amr"] = []string{"pwd", "mfa"}
	if _, _, proved, err = d.come(t, p, mfa); err != nil || !proved || d.last().what != "login" {
		t.Fatal(proved, err, d.last())
	}
}

// Who sends browsers to the provider again and again loses ways back of their own,
// and takes nobody else's.
func TestWaysBackOfOneDevice(t *testing.T) {
	p := idptest.New(t)
	c := newCampus()
	c.now = time.Now()
	d := c.desk(t, "a")
	d.add(t, "astrid@example.se", Admin, good)
	d.provider(t, providerOf(p))
	to, state, err := d.AskProvider(t.Context(), backTo, Device{Addr: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for range maxAskedOf + 5 {
		if _, _, err := d.AskProvider(t.Context(), backTo, Device{Addr: "192.0.2.66"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.waiting.held); n != maxAskedOf+1 {
		t.Errorf("%d ways back are held", n)
	}
	if _, _, _, err := d.SignInProvider(t.Context(), state, p.Authorize(to, says("s1", "astrid@example.se")).Get("code"), away); err != nil {
		t.Error(err)
	}
}

// Whom an account is bound to is not always to be read here: then it is bound to
// nobody else.
func TestABindingThatCannotBeRead(t *testing.T) {
	p := idptest.New(t)
	c := newCampus()
	c.now = time.Now()
	d := c.desk(t, "a")
	o := d.add(t, "astrid@example.se", Admin, good)
	d.provider(t, providerOf(p))
	if _, _, _, err := d.come(t, p, says("s1", "astrid@example.se")); err != nil {
		t.Fatal(err)
	}
	at, ok := d.cfg.Settings.Setting(key(o.ID, idpField))
	if !ok {
		t.Fatal("she is bound to nobody")
	}
	if err := d.cfg.Settings.Set(t.Context(), crdt.Setting{Key: key(o.ID, idpField+"/"+at.Value.String()), Value: shape.Bytes(nil)}); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := d.come(t, p, says("s2", "astrid@example.se"))
	wants(t, err, ErrProviderUnknown)
}

func TestProviderIsAsked(t *testing.T) {
	p := idptest.New(t)
	c := newCampus()
	c.now = time.Now()
	d := c.desk(t, "a")
	d.add(t, "astrid@example.se", Admin, good)
	_, _, err := d.AskProvider(t.Context(), backTo, Device{Addr: d.text(8)})
	wants(t, err, ErrNoProvider)
	d.provider(t, providerOf(p))
	to, state, err := d.AskProvider(t.Context(), backTo, Device{Addr: d.text(8)})
	if err != nil {
		t.Fatal(err)
	}
	code := p.Authorize(to, says("s1", "astrid@example.se")).Get("code")
	_, _, _, err = d.SignInProvider(t.Context(), "another", code, away)
	wants(t, err, ErrProviderStale)
	if _, _, _, err = d.SignInProvider(t.Context(), state, code, away); err != nil {
		t.Fatal(err)
	}
	_, _, _, err = d.SignInProvider(t.Context(), state, code, away)
	wants(t, err, ErrProviderStale)
	_, _, _, err = d.come(t, p, map[string]any{"nonce": "another"})
	wants(t, err, ErrProviderAnswer)
	if d.last().what != "login.idp_wrong" {
		t.Error("on record is", d.last())
	}
	to, state, err = d.AskProvider(t.Context(), backTo, Device{Addr: d.text(8)})
	if err != nil {
		t.Fatal(err)
	}
	code = p.Authorize(to, says("s1", "astrid@example.se")).Get("code")
	p.Away(true)
	_, _, _, err = d.SignInProvider(t.Context(), state, code, away)
	wants(t, err, ErrProviderAway)
	p.Away(false)
	// A setting that has changed meanwhile is not what was asked by; the secret
	// stays where none is given.
	_, state, err = d.AskProvider(t.Context(), backTo, Device{Addr: d.text(8)})
	if err != nil {
		t.Fatal(err)
	}
	x := providerOf(p)
	x.Secret, x.Domains = "", []string{"example.se"}
	d.provider(t, x)
	_, _, _, err = d.SignInProvider(t.Context(), state, code, Device{Addr: "10.0.0.9"})
	wants(t, err, ErrProviderStale)
	if got, ok := d.Provider(); !ok || got.Secret.Reveal() != idptest.Secret || got.ProviderName() != "127.0.0.1" {
		t.Error("the secret is lost", ok)
	}
	for range 8 {
		c.advance(20 * 24 * time.Hour)
		if _, err := d.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := d.Provider(); !ok || d.linkOf(d.ids()[0]) == "" {
		t.Error("it dies with its key")
	}
	if err := d.RemoveProvider(t.Context(), "test"); err != nil || d.HasProvider() {
		t.Fatal(err)
	}
	x.Client = "another"
	wants(t, d.SetProvider(t.Context(), "test", x), ErrClientSecret)
	x.Secret = record.Private("s")
	x.Groups = []GroupRole{{"g", "king"}}
	wants(t, d.SetProvider(t.Context(), "test", x), ErrGroups)
	x.Groups, x.Tenants = nil, []string{"a b"}
	wants(t, d.SetProvider(t.Context(), "test", x), ErrWhom)
	x.Issuer = "http://login.example.se"
	wants(t, d.SetProvider(t.Context(), "test", x), ErrIssuer)
}
