package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailSender hands mail to a server. It is a line of this node's own program
// only in that it judges what the server says; the protocol is go-mail's.
type mailSender struct {
	smtp SMTP
	now  func() time.Time
}

func (s mailSender) send(ctx context.Context, m message) error {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.From(s.smtp.From); err != nil {
		return &fault{why: whyRefused, forGood: true, channel: true}
	}
	if err := msg.To(m.to.Reveal()); err != nil {
		return &fault{why: whyRefused, forGood: true}
	}
	_, domain, _ := strings.Cut(s.smtp.From, "@")
	msg.SetMessageIDWithValue(m.id + "@" + domain)
	msg.SetDateWithValue(s.now())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.Subject(m.subject)
	msg.SetBodyString(mail.TypeTextPlain, m.text)
	if m.html != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.html)
	}
	for _, p := range []struct {
		name string
		file []byte
	}{{"qr", m.picture}, {"logo", m.logo}} {
		if p.file == nil {
			continue
		}
		if err := msg.EmbedReader(p.name+".png", bytes.NewReader(p.file), mail.WithFileContentID("<"+p.name+">"), mail.WithFileContentType("image/png")); err != nil {
			return &fault{why: whyRefused, forGood: true}
		}
	}
	if m.calendar != "" {
		kind := mail.ContentType("text/calendar; charset=utf-8; method=" + m.method)
		if err := msg.AttachReader("invite.ics", strings.NewReader(m.calendar), mail.WithFileContentType(kind)); err != nil {
			return &fault{why: whyRefused, forGood: true}
		}
	}
	var line net.Conn
	c, err := s.client(ctx, &line)
	if err != nil {
		return err
	}
	// go-mail leaves the connection open when it does not like the greeting.
	defer func() {
		if line != nil {
			_ = line.Close()
		}
	}()
	if err := c.DialWithContext(ctx); err != nil {
		return s.judge(err, true)
	}
	err = c.Send(msg)
	// The server has taken the mail or has not, whatever the farewell is.
	_ = c.Close()
	if err != nil {
		return s.judge(err, false)
	}
	return nil
}

// client is a client whose connection is put where line points, and closed when
// ctx ends.
func (s mailSender) client(ctx context.Context, line *net.Conn) (*mail.Client, error) {
	host, _ := os.Hostname()
	if host == "" {
		host = "localhost"
	}
	trust := &tls.Config{ServerName: s.smtp.Host, MinVersion: tls.VersionTLS12}
	if s.smtp.CA != "" {
		pem, err := os.ReadFile(s.smtp.CA)
		trust.RootCAs = x509.NewCertPool()
		if err != nil || !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &fault{why: whyTLS, channel: true}
		}
	}
	port := s.smtp.Port
	// What dials by itself is taken for unencrypted by go-mail, so with implicit
	// TLS it dials, and the collector closes what it leaves open.
	dial := mail.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{Timeout: dialFor}).DialContext(dialling, network, address)
		if err == nil {
			*line = conn
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	})
	opts := []mail.Option{mail.WithTimeout(sendFor), mail.WithHELO(host), mail.WithTLSConfig(trust)}
	switch s.smtp.TLS {
	case "implicit":
		opts = append(opts, mail.WithSSL())
		if port == 0 {
			port = 465
		}
	case "starttls":
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory), dial)
		if port == 0 {
			port = 587
		}
	default:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS), dial)
		if port == 0 {
			port = 25
		}
	}
	opts = append(opts, mail.WithPort(port))
	if s.smtp.User != "" {
		password, err := s.smtp.Password.read()
		if err != nil {
			return nil, &fault{why: whySecret, channel: true}
		}
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.smtp.User), mail.WithPassword(password))
	}
	c, err := mail.NewClient(s.smtp.Host, opts...)
	if err != nil {
		return nil, &fault{why: whyUnreachable, channel: true}
	}
	return c, nil
}

// judge finds the fault in what went wrong; dialling says that no mail had
// been offered yet.
func (s mailSender) judge(err error, dialling bool) error {
	var send *mail.SendError
	var proto *textproto.Error
	var operation *net.OpError
	code := 0
	switch {
	case errors.As(err, &send):
		code = send.ErrorCode()
	case errors.As(err, &proto):
		code = proto.Code
	}
	switch {
	case isTLS(err) || strings.Contains(err.Error(), "STARTTLS"):
		return &fault{why: whyTLS, channel: true}
	case code == 530 || code == 534 || code == 535 || code == 538:
		return &fault{why: whyLogin, channel: true}
	case code >= 500 && !dialling:
		return &fault{why: whyRefused, forGood: true}
	case code >= 400:
		return &fault{why: whyBusy, channel: true}
	case errors.As(err, &operation), !dialling:
		return &fault{why: whyUnreachable, channel: true}
	case strings.Contains(strings.ToLower(err.Error()), "auth"):
		return &fault{why: whyLogin, channel: true}
	}
	return &fault{why: whyUnreachable, channel: true}
}
