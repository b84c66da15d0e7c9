package notify

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"
)

// textSender sends text messages through a gateway: a form by POST, with the
// user and the password as HTTP has it.
type textSender struct {
	sms SMS
	now func() time.Time
}

func (t textSender) send(ctx context.Context, m message) error {
	to, ok := dialable(m.to.Reveal())
	if !ok {
		return &fault{why: whyRefused, forGood: true}
	}
	password, err := t.sms.Password.read()
	if err != nil {
		return &fault{why: whySecret, channel: true}
	}
	where, form := t.form(to, m.text)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, where, strings.NewReader(form.Encode()))
	if err != nil {
		return &fault{why: whyUnreachable, channel: true}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(t.sms.User, password)
	// The gateway is set by who runs this machine, and may be within.
	_, err = finish(client(true), req, t.now, 0)
	return err
}

// form is where a message is posted, and as what.
func (t textSender) form(to, text string) (string, url.Values) {
	if t.sms.Gateway == Twilio {
		where := t.sms.URL
		if where == "" {
			where = "https://api.twilio.com/2010-04-01/Accounts/" + url.PathEscape(t.sms.User) + "/Messages.json"
		}
		f := url.Values{"To": {to}, "Body": {text}}
		if strings.HasPrefix(t.sms.From, "MG") && len(t.sms.From) == 34 {
			f.Set("MessagingServiceSid", t.sms.From)
		} else {
			f.Set("From", t.sms.From)
		}
		return where, f
	}
	where := t.sms.URL
	if where == "" {
		where = "https://api.46elks.com/a1/sms"
	}
	return where, url.Values{"from": {t.sms.From}, "to": {to}, "message": {text}}
}

// dialable is a number as gateways take it, +46701234567. One without a
// country is taken for a Swedish one.
func dialable(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "/", "", "\u00a0", "").Replace(s)
	switch {
	case strings.HasPrefix(s, "00"):
		s = "+" + s[2:]
	case strings.HasPrefix(s, "0"):
		s = "+46" + s[1:]
	}
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return s, true
}

// gsm are the characters of GSM 03.38's basic table, and gsmTwo those that
// take two places of it.
const (
	gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwo = "^{}\\[~]|€\f"
)

// Segments is how many parts a text is sent in, each of which is paid for.
func Segments(text string) int {
	n, plain := 0, true
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsm, r):
			n++
		case strings.ContainsRune(gsmTwo, r):
			n += 2
		default:
			plain = false
		}
	}
	one, more := 160, 153
	if !plain {
		n, one, more = len(utf16.Encode([]rune(text))), 70, 67
	}
	if n <= one {
		return 1
	}
	return (n + more - 1) / more
}
