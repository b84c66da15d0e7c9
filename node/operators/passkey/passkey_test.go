package passkey_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/upprop/upprop/node/operators/passkey"
	"github.com/upprop/upprop/node/operators/passkey/passkeytest"
)

const (
	domain = "upprop.example.se"
	origin = "https://desk1.upprop.example.se:8443"
)

var handle = []byte("0123456789")

func TestAt(t *testing.T) {
	for _, c := range []struct {
		host string
		tls  bool
		want passkey.Party
	}{
		{"desk1.upprop.example.se:8443", true, passkey.Party{Domain: domain, Origin: origin}},
		{"Upprop.example.se", true, passkey.Party{Domain: domain, Origin: "https://upprop.example.se"}},
		{"localhost:8080", false, passkey.Party{Domain: passkey.Local, Origin: "http://localhost:8080"}},
		{"localhost:8443", true, passkey.Party{Domain: passkey.Local, Origin: "https://localhost:8443"}},
		{"desk1.upprop.example.se", false, passkey.Party{}},
		{"evilupprop.example.se", true, passkey.Party{}},
		{"upprop.example.se.evil.example", true, passkey.Party{}},
		{"127.0.0.1:8080", false, passkey.Party{}},
		{"[::1]:8080", true, passkey.Party{}},
		{"receptionen", true, passkey.Party{}},
	} {
		got, ok := passkey.At(c.host, c.tls, domain)
		if got != c.want || ok != (c.want != passkey.Party{}) {
			t.Errorf("%s: %+v %v", c.host, got, ok)
		}
	}
	if _, ok := passkey.At("desk1.example.se", true, ""); ok {
		t.Error("a name is taken where the campus has no domain")
	}
}

// made is a passkey that a device has made for a party.
func made(t testing.TB, p passkey.Party, d *passkeytest.Device) passkey.Key {
	t.Helper()
	options, q, err := p.New("Ekudden", passkey.Holder{Handle: handle, Name: "Astrid Ek"})
	if err != nil {
		t.Fatal(err)
	}
	k, err := p.Made(q, handle, d.Make(options))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestQuestionAndAnswer(t *testing.T) {
	p, _ := passkey.At("desk1.upprop.example.se:8443", true, domain)
	d := passkeytest.New(p.Domain, p.Origin)
	k := made(t, p, d)
	find := func(h, id []byte) (passkey.Key, bool) { return k, bytes.Equal(h, handle) && bytes.Equal(id, k.ID) }
	for name, spoil := range map[string]func(*passkeytest.Device){
		"":             func(*passkeytest.Device) {},
		"origin":       func(d *passkeytest.Device) { d.Origin = "https://desk1.upprop.example.se" },
		"other name":   func(d *passkeytest.Device) { d.Origin = "https://desk2.upprop.example.se:8443" },
		"domain":       func(d *passkeytest.Device) { d.Domain = "example.se" },
		"not verified": func(d *passkeytest.Device) { d.Unverified = true },
		"other key": func(d *passkeytest.Device) {
			e := passkeytest.New(d.Domain, d.Origin)
			e.ID, e.Handle = d.ID, d.Handle
			*d = *e
		},
		"other id": func(d *passkeytest.Device) { d.ID = []byte("another") },
		"nobody":   func(d *passkeytest.Device) { d.Handle = nil },
		"somebody": func(d *passkeytest.Device) { d.Handle = []byte("9876543210") },
	} {
		options, q, err := p.Ask()
		if err != nil {
			t.Fatal(err)
		}
		one := *d
		spoil(&one)
		if _, err = p.Shown(q, one.Show(options), find); (err == nil) != (name == "") {
			t.Errorf("%q: %v", name, err)
		}
		one = *d
		spoil(&one)
		options, q, err = p.New("Ekudden", passkey.Holder{Handle: handle, Name: "Astrid Ek"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Made(q, handle, one.Make(options))
		if refused := name == "origin" || name == "other name" || name == "domain" || name == "not verified"; refused != errors.Is(err, passkey.ErrAnswer) {
			t.Errorf("new, %q: %v", name, err)
		}
	}
	_, q, err := p.Ask()
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := p.Ask()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Shown(q, d.Show(other), find); !errors.Is(err, passkey.ErrAnswer) {
		t.Error("an answer to another question is taken:", err)
	}
}

// FuzzAnswers gives the decoders what no browser sends: nothing of it is an
// answer, and nothing of it stops the node.
func FuzzAnswers(f *testing.F) {
	p := passkey.Party{Domain: domain, Origin: origin}
	d := passkeytest.New(p.Domain, p.Origin)
	k := made(f, p, d)
	newOptions, toNew, err := p.New("Ekudden", passkey.Holder{Handle: handle, Name: "Astrid Ek"})
	if err != nil {
		f.Fatal(err)
	}
	options, toAsk, err := p.Ask()
	if err != nil {
		f.Fatal(err)
	}
	goodNew, good := passkeytest.New(p.Domain, p.Origin).Make(newOptions), d.Show(options)
	f.Add(goodNew)
	f.Add(good)
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`))
	f.Add([]byte(`{"response":{"authenticatorData":"","userHandle":null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		count, err := p.Shown(toAsk, b, func(h, id []byte) (passkey.Key, bool) { return k, true })
		if err == nil && count != 0 {
			t.Error("a counter that the device has not signed")
		}
		if k, err := p.Made(toNew, handle, b); err == nil && len(k.Public) == 0 {
			t.Error("a passkey without a key")
		}
	})
}
