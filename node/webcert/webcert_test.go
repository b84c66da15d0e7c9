package webcert

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestBrowserTrustsTheNodeByTheRoot(t *testing.T) {
	_, root, _ := ed25519.GenerateKey(nil)
	now := time.Now()
	a, err := NewAuthority(root, "Ekudden", now)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewAuthority(root, "Ekudden", now)
	if err != nil || !again.key.Equal(a.key) {
		t.Fatal("the web root is not the same again", err)
	}
	path := filepath.Join(t.TempDir(), "web.key")
	key, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	pub, _ := key.Public()
	web, err := again.Issue(pub, "East gate", now)
	if err != nil || len(web) > 2048 {
		t.Fatal(len(web), err)
	}
	reread, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServing(reread, web)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := s.Leaf([]string{"192.0.2.7", "east.local"}, now)
	if err != nil {
		t.Fatal(err)
	}
	roots, mid := x509.NewCertPool(), x509.NewCertPool()
	rootCert, _ := x509.ParseCertificate(s.Root())
	roots.AddCert(rootCert)
	midCert, _ := x509.ParseCertificate(leaf.Certificate[1])
	mid.AddCert(midCert)
	for _, host := range []string{"192.0.2.7", "east.local"} {
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: mid, DNSName: host, CurrentTime: now}); err != nil {
			t.Fatal(host, err)
		}
	}
	if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: mid, DNSName: "other.local", CurrentTime: now}); err == nil {
		t.Fatal("a leaf serves for another host")
	}
	other, _ := OpenKey(filepath.Join(t.TempDir(), "web.key"))
	if _, err := NewServing(other, web); err == nil {
		t.Fatal("a certificate of another key is taken")
	}
	if _, err := NewServing(key, nil); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
}

func FuzzWebPart(f *testing.F) {
	key, err := OpenKey(filepath.Join(f.TempDir(), "web.key"))
	if err != nil {
		f.Fatal(err)
	}
	_, root, _ := ed25519.GenerateKey(nil)
	a, _ := NewAuthority(root, "Ekudden", time.Now())
	pub, _ := key.Public()
	web, _ := a.Issue(pub, "x", time.Now())
	f.Add(web)
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = NewServing(key, b)
		_, _ = a.Issue(b, "x", time.Now())
	})
}
