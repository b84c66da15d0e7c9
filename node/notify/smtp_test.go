package notify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailbox is a real mail server that keeps what it is given.
type mailbox struct {
	mu     sync.Mutex
	mails  []string
	to     []string
	refuse error
	user   string
	port   int
	ca     string
}

func (b *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }

type session struct {
	box *mailbox
	in  bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.box.user || password != "hunter2" {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.box.user != "" && !s.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	if s.box.refuse != nil {
		return s.box.refuse
	}
	s.box.to = append(s.box.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails = append(s.box.mails, string(b))
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// serveMail starts a server that speaks TLS at once, or when asked to.
func serveMail(t *testing.T, implicit bool, user string) *mailbox {
	t.Helper()
	cert, ca := certificate(t)
	box := &mailbox{user: user, ca: ca}
	s := smtp.NewServer(box)
	s.Domain, s.TLSConfig, s.ErrorLog = "mail.test", &tls.Config{Certificates: []tls.Certificate{cert}}, quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box.port = l.Addr().(*net.TCPAddr).Port
	if implicit {
		l = tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = l.Close(); _ = s.Close(); <-done })
	return box
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// certificate is one for this machine, and the file of who signed it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// secretFile is a file with a secret in it.
func secretFile(t *testing.T, text string) Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Secret{File: path}
}

func (b *mailbox) smtp(t *testing.T, how string) SMTP {
	s := SMTP{Host: "127.0.0.1", Port: b.port, From: "upprop@example.org", TLS: how, CA: b.ca}
	if b.user != "" {
		s.User, s.Password = b.user, secretFile(t, "hunter2")
	}
	return s
}

var letterTo = message{id: "0123", to: "astrid.marker@example.org", subject: "Din besökare är här", text: "Astrid Märker väntar.\n"}

func TestMail(t *testing.T) {
	for _, how := range []string{"starttls", "implicit"} {
		for _, user := range []string{"", "upprop"} {
			box := serveMail(t, how == "implicit", user)
			if err := (mailSender{box.smtp(t, how), time.Now}).send(t.Context(), letterTo); err != nil {
				t.Fatal(how, user, err)
			}
			if len(box.mails) != 1 || box.to[0] != "astrid.marker@example.org" {
				t.Fatal(how, user, len(box.mails))
			}
			for _, want := range []string{
				"From: <upprop@example.org>", "Message-ID: <0123@example.org>", "Auto-Submitted: auto-generated", "Subject: =?UTF-8?",
				"Astrid M=C3=A4rker v=C3=A4ntar.",
			} {
				if !strings.Contains(box.mails[0], want) {
					t.Errorf("%s: the mail has no %q:\n%s", how, want, box.mails[0])
				}
			}
		}
	}
}

// TestMailFaults: what a server says becomes a word, and is kept nowhere.
func TestMailFaults(t *testing.T) {
	for _, c := range []struct {
		name, why string
		forGood   bool
		change    func(*mailbox, *SMTP)
	}{
		{"no such user", whyRefused, true, func(b *mailbox, _ *SMTP) {
			b.refuse = &smtp.SMTPError{Code: 550, Message: "no astrid.marker@example.org"}
		}},
		{"later", whyBusy, false, func(b *mailbox, _ *SMTP) { b.refuse = &smtp.SMTPError{Code: 451, Message: "greylisted"} }},
		{"wrong password", whyLogin, false, func(_ *mailbox, s *SMTP) { s.Password = secretFile(t, "hunter3") }},
		{"no secret", whySecret, false, func(_ *mailbox, s *SMTP) { s.Password.File += "x" }},
		{"secret for all", whySecret, false, func(_ *mailbox, s *SMTP) {
			if err := os.Chmod(s.Password.File, 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		{"unknown certificate", whyTLS, false, func(_ *mailbox, s *SMTP) { s.CA = "" }},
		{"nobody there", whyUnreachable, false, func(_ *mailbox, s *SMTP) { s.Port = 1 }},
		{"bad address", whyRefused, true, func(*mailbox, *SMTP) {}},
	} {
		box := serveMail(t, false, "upprop")
		s := box.smtp(t, "starttls")
		c.change(box, &s)
		m := letterTo
		if c.name == "bad address" {
			m.to = "marker"
		}
		err := (mailSender{s, time.Now}).send(t.Context(), m)
		var f *fault
		if !errors.As(err, &f) || f.why != c.why || f.forGood != c.forGood {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "arker") {
			t.Errorf("%s: the error holds an address", c.name)
		}
		if len(box.mails) != 0 {
			t.Errorf("%s: mail was taken", c.name)
		}
	}
}

// TestNoMailInClear: a server that offers no encryption gets neither the
// password nor the letter.
func TestNoMailInClear(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan []byte, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			heard <- nil
			return
		}
		defer c.Close()
		var all bytes.Buffer
		buf := make([]byte, 512)
		_, _ = c.Write([]byte("220 mail.test\r\n"))
		for {
			n, err := c.Read(buf)
			all.Write(buf[:n])
			if err != nil {
				break
			}
			_, _ = c.Write([]byte("250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n"))
		}
		heard <- all.Bytes()
	}()
	s := SMTP{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "upprop@example.org", TLS: "starttls", User: "upprop", Password: secretFile(t, "hunter2")}
	err = (mailSender{s, time.Now}).send(t.Context(), letterTo)
	var f *fault
	if !errors.As(err, &f) || f.why != whyTLS {
		t.Error(err)
	}
	if got := string(<-heard); strings.Contains(got, "arker") || strings.Contains(strings.ToUpper(got), "AUTH") {
		t.Error("in clear:", got)
	}
}

// TestMailIsBrokenOff: a server that says nothing does not hold up the end of
// the node.
func TestMailIsBrokenOff(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if c, err := l.Accept(); err == nil {
			cancel()
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	s := SMTP{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "upprop@example.org", TLS: "starttls"}
	began := time.Now()
	if err := (mailSender{s, time.Now}).send(ctx, letterTo); err == nil || time.Since(began) > 5*time.Second {
		t.Error(err, time.Since(began))
	}
}
