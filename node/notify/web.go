package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	dialFor = 10 * time.Second
	// sendFor is how long one sending may take in all.
	sendFor = 30 * time.Second
)

// client speaks to servers outside. It follows no redirection and, unless
// private is set, reaches no address of this machine or of a private network,
// whatever a name resolves to: who may set a webhook must not be able to ask
// what this node's network lets it ask. It uses no proxy, which would resolve
// names in its own way.
func client(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: dialFor}
	if !private {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !public(at.Addr()) {
				return &fault{why: whyForbidden, forGood: true, channel: true}
			}
			return nil
		}
	}
	return &http.Client{
		Timeout: sendFor,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: dialFor, DisableKeepAlives: true,
			ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// special are ranges that are no public network's, beside those that netip
// knows.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("2001::/32"),
}

func public(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast() && !a.IsPrivate()
}

// finish sends a request and judges the answer, of which it reads up to read
// bytes. now is the time of the answer.
func finish(c *http.Client, req *http.Request, now func() time.Time, read int64) ([]byte, error) {
	req.Header.Set("User-Agent", "upprop")
	res, err := c.Do(req)
	if err != nil {
		return nil, dialled(err)
	}
	defer res.Body.Close()
	if err := answered(res, now()); err != nil {
		return nil, err
	}
	// It was taken, whether or not the rest of the answer comes.
	b, _ := io.ReadAll(io.LimitReader(res.Body, read))
	return b, nil
}

func isTLS(err error) bool {
	var a *tls.CertificateVerificationError
	var b x509.UnknownAuthorityError
	var c x509.HostnameError
	var d tls.RecordHeaderError
	return errors.As(err, &a) || errors.As(err, &b) || errors.As(err, &c) || errors.As(err, &d)
}
