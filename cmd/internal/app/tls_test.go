package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/node"
)

// Screens for other machines are served over HTTPS with a certificate that a
// device which installed the campus root trusts, and without names.
func TestScreensForOtherMachines(t *testing.T) {
	dir := t.TempDir()
	if err := node.Init(node.InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	a, err := Open(Config{Node: node.Config{Dir: dir}, HTTP: "0.0.0.0:0", NoSocket: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = a.Close()
	}()
	file := httptest.NewRecorder()
	a.campusRoot(file, nil)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(file.Body.Bytes()) {
		t.Fatalf("no certificate in /campus-root.crt: %d %s", file.Code, file.Body)
	}
	_, port, _ := net.SplitHostPort(a.web.Addr().String())
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	defer trusting.CloseIdleConnections()
	res, err := trusting.Get("https://127.0.0.1:" + port + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
		t.Fatalf("%s over HTTP/%d", res.Status, res.ProtoMajor)
	}
	stranger := &http.Client{Transport: &http.Transport{}}
	defer stranger.CloseIdleConnections()
	if res, err := stranger.Get("https://127.0.0.1:" + port + "/healthz"); err == nil {
		_ = res.Body.Close()
		t.Fatal("a device without the campus root trusts the node")
	}
	if res, err := stranger.Get("http://127.0.0.1:" + port + "/healthz"); err == nil {
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			t.Fatal("screens are served in clear")
		}
	}
}

// A campus's domain is on the certificate and among the names that are answered
// to, once it is set.
func TestNamesOfTheDomain(t *testing.T) {
	dir := t.TempDir()
	if err := node.Init(node.InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(node.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	serving, err := n.Web()
	if err != nil {
		t.Fatal(err)
	}
	domain := ""
	l := &leaves{serving: serving, domain: func() string { return domain }, now: time.Now}
	const name = "desk1.upprop.example.se"
	if leaf, err := l.get(nil); err != nil || leaf.Leaf.VerifyHostname(name) == nil {
		t.Fatal("a name of nobody's is on the certificate", err)
	}
	domain = "upprop.example.se"
	if leaf, err := l.get(nil); err != nil || leaf.Leaf.VerifyHostname(name) != nil || leaf.Leaf.VerifyHostname(domain) != nil {
		t.Fatal("the domain is not on the certificate", err)
	}
	if got := (place{domain: domain}).names(); !slices.Contains(got, domain) || !slices.Contains(got, "."+domain) {
		t.Error(got)
	}
	if slices.Contains((place{}).names(), ".") {
		t.Error("every name is taken")
	}
}
