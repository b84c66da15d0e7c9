package notify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"
)

// fault is why a sending failed. It says so in a word: what servers answer may
// hold the address that was written to, and is kept nowhere.
type fault struct {
	why string
	// forGood: trying again is no use.
	forGood bool
	// channel: it is the channel's fault and not this message's.
	channel bool
	// after is how long the other side asked to be left alone.
	after time.Duration
}

func (f *fault) Error() string { return f.why }

// Words of faults.
const (
	whyUnreachable = "unreachable"
	whyLogin       = "login"
	whySecret      = "secret"
	whyTLS         = "tls"
	whyBusy        = "busy"
	whyRefused     = "refused"
	whyForbidden   = "private-address"
	whyNone        = "no-channel"
	whyGone        = "no-address"
	whyGivenUp     = "given-up"
)

// Sentences say a word of a fault to a person.
var Sentences = map[string]string{
	whyUnreachable: "the server cannot be reached",
	whyLogin:       "the server does not accept the user or the password",
	whySecret:      "the secret cannot be read, or others may read its file",
	whyTLS:         "the server's certificate is not trusted, or it offers no encryption",
	whyBusy:        "the server is busy or has a fault of its own",
	whyRefused:     "the server does not accept the message or its address",
	whyForbidden:   "the address leads to this machine or to a private network, which has not been allowed",
	whyNone:        "the channel is not set on this node",
	whyGone:        "there is no address for this channel any more",
	whyGivenUp:     "it was tried for too long",
	"lost":         "its key is lost",
}

// wordOf is the fault of an error.
func wordOf(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return &fault{why: whyUnreachable, channel: true}
}

// answered judges what a server on the web has answered.
func answered(res *http.Response, now time.Time) error {
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return &fault{why: whyLogin, channel: true}
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return &fault{why: whyBusy, channel: true, after: retryAfter(res.Header.Get("Retry-After"), now)}
	}
	return &fault{why: whyRefused, forGood: true}
}

// maxAfter bounds how long another side may have us wait.
const maxAfter = time.Hour

// retryAfter reads the header: seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return min(max(0, time.Duration(min(n, int64(maxAfter/time.Second)))*time.Second), maxAfter)
	}
	if t, err := http.ParseTime(text); err == nil {
		return min(max(0, t.Sub(now)), maxAfter)
	}
	return 0
}

// dialled judges why nothing was answered.
func dialled(err error) error {
	var f *fault
	var dns *net.DNSError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &dns), errors.Is(err, context.DeadlineExceeded):
		return &fault{why: whyUnreachable, channel: true}
	case isTLS(err):
		return &fault{why: whyTLS, channel: true}
	}
	return &fault{why: whyUnreachable, channel: true}
}
