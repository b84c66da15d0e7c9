package feed

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

// MQTT is a broker and a topic at which a source is heard, with MQTT 5.
type MQTT struct {
	// URL is the broker's, "mqtts://broker.example.org:8883"; "mqtt://" is for
	// one on this machine.
	URL string `json:"url"`
	// Topic may hold the wildcards + and #.
	Topic string `json:"topic"`
	User  string `json:"user,omitempty"`
	// PasswordFile is a file that nobody else may read; empty: no password.
	PasswordFile string `json:"password_file,omitempty"`
	// CAFile has the certificate of who signs the broker's; empty: this machine's
	// own list.
	CAFile string `json:"ca_file,omitempty"`
}

func (m *MQTT) clone() *MQTT {
	if m == nil {
		return nil
	}
	c := *m
	return &c
}

// Line is how it stands with a broker.
type Line struct {
	Connected bool
	// Since is when it last connected, or lost the connection.
	Since time.Time
	// Fault is why not: "network", "certificate", "login", "refused" or
	// "settings"; empty before the first try is over.
	Fault string
}

func unfit(what, do string) *Problem { return &Problem{Key: "feed.mqtt", Hint: what + ": " + do} }

// maxPassword bounds a password, in bytes.
const maxPassword = 4 << 10

// check judges the settings.
func (m *MQTT) check() error {
	u, err := url.Parse(m.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Port() == "" || u.Scheme != "mqtts" && u.Scheme != "mqtt":
		return unfit("that is no broker's address", "write it like mqtts://broker.example.org:8883, user and password apart")
	case u.Scheme == "mqtt" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return unfit("badges and names would cross the network in clear", "use mqtts://; mqtt:// is for a broker on this machine")
	case m.Topic == "" || len(m.Topic) > 1024 || strings.ContainsRune(m.Topic, 0):
		return unfit("there is no topic to listen to", "give one like access/events")
	case m.User == "" && m.PasswordFile != "":
		return unfit("a password needs a user", "give both, or neither")
	case m.PasswordFile != "" && !filepath.IsAbs(m.PasswordFile) || m.CAFile != "" && !filepath.IsAbs(m.CAFile):
		return unfit("the path of a file is not absolute", "give the whole path")
	}
	if _, err := m.password(); err != nil {
		return unfit("the password cannot be read", "check that its file exists, belongs to the user who runs upprop, and that nobody else may read it (chmod 600)")
	}
	if _, err := m.tls(); err != nil {
		return unfit("the certificate cannot be read", "give a file in PEM form")
	}
	return nil
}

func (m *MQTT) password() ([]byte, error) {
	if m.PasswordFile == "" {
		return nil, nil
	}
	info, err := os.Stat(m.PasswordFile)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 || info.Size() > maxPassword {
		return nil, errors.New("the file may be read by others, or is too long")
	}
	b, err := os.ReadFile(m.PasswordFile)
	return []byte(strings.TrimRight(string(b), "\r\n")), err
}

func (m *MQTT) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.CAFile != "" {
		b, err := os.ReadFile(m.CAFile)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(b) {
			return nil, errors.New("no certificate in the file")
		}
	}
	return c, nil
}

// runLines keeps a line to the broker of each source that has one. A source that
// comes or goes leaves the lines of the others as they are: a broker may lose what
// it is given while it hands a session from one connection to the next.
func (s *Service) runLines(ctx context.Context) {
	up := map[string]func(){} // by the source's secret, which no other has: hangs up
	for ctx.Err() == nil {
		s.mu.Lock()
		all, changed := slices.Clone(s.sources), s.changed
		s.mu.Unlock()
		for secret, hangUp := range up {
			if !slices.ContainsFunc(all, func(x source) bool { return string(x.Secret) == secret }) {
				hangUp()
				delete(up, secret)
			}
		}
		for _, x := range all {
			if x.MQTT != nil && up[string(x.Secret)] == nil {
				up[string(x.Secret)] = s.runLine(ctx, x)
			}
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
	for _, hangUp := range up {
		hangUp()
	}
}

// runLine keeps a line until it is hung up, or ctx ends.
func (s *Service) runLine(ctx context.Context, x source) (hangUp func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.line(ctx, x)
	}()
	return func() {
		end()
		<-done
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.lines, x.Name)
	}
}

const (
	// keepAlive is how often the broker is asked for a sign of life, in seconds.
	keepAlive = 30
	// keptFor is for how long a broker keeps what comes while we are away, in
	// seconds.
	keptFor = 24 * 3600
	// redial is the longest wait before a broker is tried again.
	redial = 30 * time.Second
)

// line listens to a broker until ctx ends.
func (s *Service) line(ctx context.Context, x source) {
	m := x.MQTT
	u, err := url.Parse(m.URL)
	password, errP := m.password()
	secure, errT := m.tls()
	if err := errors.Join(err, errP, errT); err != nil {
		s.cfg.Logger.Error("a broker's settings cannot be used any more", "err", err)
		s.setLine(x, Line{Fault: "settings"})
		<-ctx.Done()
		return
	}
	// Up and down come from one goroutine of the library.
	up, down := context.WithCancel(ctx)
	defer func() { down() }()
	var asking sync.WaitGroup
	id := sha256.Sum256([]byte(s.cfg.House.Node().String() + "/" + x.Name + "/" + x.MadeAt.String()))
	cm, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls: []*url.URL{u}, TlsCfg: secure, KeepAlive: keepAlive, SessionExpiryInterval: keptFor,
		ReconnectBackoff: func(n int) time.Duration { return backoff(n) },
		ConnectUsername:  m.User, ConnectPassword: password,
		OnConnectionUp: func(cm *autopaho.ConnectionManager, _ *paho.Connack) {
			up, down = context.WithCancel(ctx)
			asking.Go(func() { s.subscribe(up, cm, x) })
		},
		OnConnectionDown: func() bool {
			down()
			asking.Wait()
			s.setLine(x, Line{Fault: "network"})
			return true
		},
		OnConnectError: func(err error) { s.setLine(x, Line{Fault: faultOf(err)}) },
		ClientConfig: paho.ClientConfig{
			ClientID:                   "upprop-" + hex.EncodeToString(id[:8]),
			EnableManualAcknowledgment: true, SendAcksInterval: 100 * time.Millisecond,
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
				if s.published(ctx, x, p.Packet) {
					return true, p.Client.Ack(p.Packet)
				}
				return true, nil
			}},
		},
	})
	if err != nil {
		s.cfg.Logger.Error("a broker cannot be listened to", "err", err)
		s.setLine(x, Line{Fault: "settings"})
		<-ctx.Done()
		return
	}
	<-cm.Done()
	down()
	asking.Wait()
}

// backoff is how long is waited after the n-th try.
func backoff(n int) time.Duration {
	if n == 0 {
		return 0
	}
	return min(redial, time.Second<<min(n-1, 5))
}

// subscribe asks the broker for the topic until it agrees or the connection is
// gone; at each connection anew, for it may have forgotten us.
func (s *Service) subscribe(ctx context.Context, cm *autopaho.ConnectionManager, x source) {
	for n := 1; ; n++ {
		try, cancel := context.WithTimeout(ctx, redial)
		_, err := cm.Subscribe(try, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{
			// What the broker has kept is old news: who came in then may have left.
			Topic: x.MQTT.Topic, QoS: 1, RetainHandling: 2,
		}}})
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			s.setLine(x, Line{Connected: true})
			return
		}
		s.setLine(x, Line{Fault: "refused"})
		select {
		case <-ctx.Done():
			return
		case <-time.After(backoff(n)):
		}
	}
}

// published acts upon a message of the broker, and reports whether the broker
// may forget it. What the disk does not take is tried again until it does: the
// broker keeps what comes meanwhile.
func (s *Service) published(ctx context.Context, x source, p *paho.Publish) bool {
	if p.Retain {
		return true
	}
	all, err := parse(p.Payload)
	if err != nil {
		s.count("malformed")
		return true
	}
	for wait := time.Second; ; wait = min(2*wait, redial) {
		_, err := s.take(ctx, x, all, word{})
		if err == nil || isProblem(err) {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.cfg.Logger.Error("badge events could not be saved; tried again", "err", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

func (s *Service) setLine(x source, l Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.lines[x.Name]
	if l.Since = was.Since; was.Connected != l.Connected || was.Since.IsZero() {
		l.Since = s.cfg.Now().UTC()
	}
	s.lines[x.Name] = l
}

// faultOf says in a word why a broker could not be reached.
func faultOf(err error) string {
	var c *autopaho.ConnackError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return "certificate"
	case !errors.As(err, &c):
		return "network"
	case slices.Contains([]byte{0x86, 0x87, 0x8c}, c.ReasonCode): // bad user or password, not authorised
		return "login"
	}
	return "refused"
}

// String names the broker and the topic.
func (m MQTT) String() string { return fmt.Sprintf("%s %s", m.URL, m.Topic) }
