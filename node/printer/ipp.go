package printer

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// sendWithin is how long a printer is given to take a paper.
const sendWithin = time.Minute

// send gives a paper to the printer, by IPP (RFC 8010, 8011) or by the command
// lp. What it returns names no person.
func send(ctx context.Context, to, title string, pdf []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	if queue, ok := strings.CutPrefix(to, lpPrefix); ok {
		return byCommand(ctx, queue, title, pdf)
	}
	return byIPP(ctx, to, title, pdf)
}

// reachWithin is how long a printer is given to be there.
const reachWithin = 10 * time.Second

// reach reports whether a printer, or the command that prints, is there at all.
func reach(ctx context.Context, to string) error {
	if strings.HasPrefix(to, lpPrefix) {
		if _, err := exec.LookPath("lp"); err != nil {
			return errNoCommand
		}
		return nil
	}
	u, err := url.Parse(to)
	if err != nil {
		return errAddress
	}
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), defaultPort)))
	if err != nil {
		return errUnreachable
	}
	_ = c.Close()
	return nil
}

var (
	errNoCommand   = errors.New("the command lp is not on this machine: install CUPS's client")
	errAddress     = errors.New("its address cannot be read")
	errUnreachable = errors.New("it cannot be reached")
)

// errCommand is what is said where lp does not take the paper; its own words may
// be in any language.
var errCommand = errors.New("the command lp did not take it")

func byCommand(ctx context.Context, queue, title string, pdf []byte) error {
	cmd := exec.CommandContext(ctx, "lp", "-s", "-d", queue, "-t", title, "-")
	cmd.Stdin = bytes.NewReader(pdf)
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return errNoCommand
		}
		return errCommand
	}
	return nil
}

// Tags and numbers of IPP.
const (
	opPrintJob    = 0x0002
	groupOp       = 0x01
	groupEnd      = 0x03
	tagName       = 0x42
	tagURI        = 0x45
	tagCharset    = 0x47
	tagLanguage   = 0x48
	tagMIME       = 0x49
	firstNotOK    = 0x0100
	maxIPPAnswer  = 64 << 10
	defaultPort   = "631"
	headerOfReply = 8
)

// printJob is the request before the document.
func printJob(printerURI, title string) []byte {
	b := []byte{2, 0, opPrintJob >> 8, opPrintJob, 0, 0, 0, 1, groupOp}
	for _, a := range []struct {
		tag         byte
		name, value string
	}{
		{tagCharset, "attributes-charset", "utf-8"},
		{tagLanguage, "attributes-natural-language", "en"},
		{tagURI, "printer-uri", printerURI},
		{tagName, "requesting-user-name", "upprop"},
		{tagName, "job-name", title},
		{tagMIME, "document-format", "application/pdf"},
	} {
		b = append(b, a.tag)
		b = binary.BigEndian.AppendUint16(b, uint16(len(a.name)))
		b = append(b, a.name...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(a.value)))
		b = append(b, a.value...)
	}
	return append(b, groupEnd)
}

// web is the address at which an IPP printer is asked.
func web(printer *url.URL) string {
	u := *printer
	u.Scheme = map[string]string{"ipp": "http", "ipps": "https"}[u.Scheme]
	if u.Port() == "" {
		u.Host = u.Hostname() + ":" + defaultPort
	}
	return u.String()
}

func byIPP(ctx context.Context, to, title string, pdf []byte) error {
	u, err := url.Parse(to)
	if err != nil {
		return errAddress
	}
	body := io.MultiReader(bytes.NewReader(printJob(to, title)), bytes.NewReader(pdf))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, web(u), body)
	if err != nil {
		return errAddress
	}
	req.Header.Set("Content-Type", "application/ipp")
	req.ContentLength = int64(len(printJob(to, title)) + len(pdf))
	client := http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		var cert *tls.CertificateVerificationError
		switch {
		case errors.As(err, &cert):
			return errors.New("its certificate is not one that this machine trusts")
		case errors.Is(err, context.DeadlineExceeded):
			return errors.New("it did not answer within a minute")
		}
		return errUnreachable
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered HTTP %d", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxIPPAnswer))
	if err != nil || len(b) < headerOfReply {
		return errors.New("it answered what is not IPP")
	}
	if status := binary.BigEndian.Uint16(b[2:]); status >= firstNotOK {
		return fmt.Errorf("it refused the paper with IPP status 0x%04x", status)
	}
	return nil
}
