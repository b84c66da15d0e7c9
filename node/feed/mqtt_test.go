package feed

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// broker is a real one, with TLS and a password.
type broker struct {
	t      *testing.T
	addr   string
	secure *tls.Config
	server *mqtt.Server
}

func newBroker(t *testing.T) (b *broker, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	b = &broker{t: t, addr: "127.0.0.1:0", secure: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
	b.start()
	t.Cleanup(b.stop)
	return b, caFile
}

func (b *broker) start() {
	b.t.Helper()
	b.server = mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	if err := b.server.AddHook(new(auth.Hook), &auth.Options{Ledger: &auth.Ledger{
		Auth: auth.AuthRules{{Username: "upprop", Password: "a password", Allow: true}},
		ACL:  auth.ACLRules{{Username: "upprop", Filters: auth.Filters{"access/#": auth.ReadOnly, "closed/#": auth.Deny}}},
	}}); err != nil {
		b.t.Fatal(err)
	}
	l := listeners.NewTCP(listeners.Config{ID: "tls", Address: b.addr, TLSConfig: b.secure})
	if err := b.server.AddListener(l); err != nil {
		b.t.Fatal(err)
	}
	b.addr = l.Address()
	if err := b.server.Serve(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *broker) stop() {
	if b.server != nil {
		_ = b.server.Close()
		b.server = nil
	}
}

func (b *broker) publish(topic, body string, retain bool) {
	b.t.Helper()
	if err := b.server.Publish(topic, []byte(body), retain, 1); err != nil {
		b.t.Fatal(err)
	}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never:", what)
		}
	}
}

func (c *campus) people() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.inside)
}

func TestBroker(t *testing.T) {
	b, ca := newBroker(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("a password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newCampus(t)
	s := c.open()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	at := &MQTT{URL: "mqtts://" + b.addr, Topic: "access/+/events", User: "upprop", PasswordFile: password, CAFile: ca}
	b.publish("access/1/events", badge(99, In, c.clock()), true) // old news
	line := func(name string) Line {
		for _, x := range s.Sources() {
			if x.Name == name {
				return x.Line
			}
		}
		return Line{}
	}
	c.add(s, Request{Name: "Access", MQTT: at})
	await(t, "connected", func() bool { return line("Access").Connected })
	since := line("Access").Since
	for name, x := range map[string]struct {
		change func(*MQTT)
		fault  string
	}{
		"Login":    {func(m *MQTT) { m.PasswordFile = wrong }, "login"},
		"Strange":  {func(m *MQTT) { m.CAFile = "" }, "certificate"},
		"Closed":   {func(m *MQTT) { m.Topic = "closed/x" }, "refused"},
		"Deserted": {func(m *MQTT) { m.URL = "mqtts://127.0.0.1:1" }, "network"},
	} {
		c.pass(time.Second)
		m := at.clone()
		x.change(m)
		c.add(s, Request{Name: name, MQTT: m})
		await(t, name+" "+x.fault, func() bool {
			y := line(name)
			return y.Fault == x.fault && !y.Connected && !y.Since.IsZero()
		})
		if err := s.Remove(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	// Others that come and go leave a line as it is: nothing is lost by that.
	await(t, "the others are hung up", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.lines) == 1 })
	if y := line("Access"); !y.Connected || !y.Since.Equal(since) {
		t.Error("another feed's coming and going broke the line:", y, since)
	}
	b.publish("access/1/events", "nonsense", false)
	b.publish("access/1/events", "["+badge(1, In, c.clock())+","+badge(2, In, c.clock())+"]", false)
	await(t, "two inside", func() bool { return c.people() == 2 })
	// What the disk does not take is not lost.
	c.mu.Lock()
	c.full = errors.New("disk")
	c.mu.Unlock()
	b.publish("access/2/events", badge(3, In, c.clock()), false)
	b.publish("access/2/events", badge(4, In, c.clock()), false)
	await(t, "the first is tried", func() bool { return s.Counts()["in"] == 2 && c.people() == 2 })
	c.mu.Lock()
	c.full = nil
	c.mu.Unlock()
	await(t, "four inside", func() bool { return c.people() == 4 })
	// A broker that goes and comes back is heard again.
	b.stop()
	await(t, "the line is down", func() bool { return line("Access").Fault == "network" && !line("Access").Connected })
	b.start()
	await(t, "the line is up", func() bool { return line("Access").Connected })
	b.publish("access/1/events", badge(1, Out, c.clock().Add(time.Second)), false)
	await(t, "one out", func() bool { return c.people() == 3 })
	// The broker may deliver a message again whose acknowledgement it lacks.
	if n := s.Counts(); n["in"] != 4 || n["malformed"] == 0 {
		t.Error("what the broker keeps is old news:", n)
	}
}

// What is sent while a node restarts comes when it is back.
func TestBrokerKeeps(t *testing.T) {
	b, ca := newBroker(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("a password"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newCampus(t)
	for n := range 2 {
		s := c.open()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		if n == 0 {
			c.add(s, Request{Name: "Access", MQTT: &MQTT{URL: "mqtts://" + b.addr, Topic: "access/#", User: "upprop", PasswordFile: password, CAFile: ca}})
		}
		await(t, "connected", func() bool { return s.Sources()[0].Line.Connected })
		await(t, "what was sent meanwhile", func() bool { return c.people() == n })
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		b.publish("access/1", badge(1, In, c.clock()), false)
	}
}
