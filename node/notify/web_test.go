package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// gateway is a real server on the web that keeps what it is asked.
type gateway struct {
	*httptest.Server
	status int
	header http.Header
	last   *http.Request
	body   []byte
	asked  int
}

func newGateway(t *testing.T) *gateway {
	g := &gateway{status: 200, header: http.Header{}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.asked++
		g.last = r
		g.body, _ = io.ReadAll(r.Body)
		for k, v := range g.header {
			w.Header()[k] = v
		}
		w.WriteHeader(g.status)
		_, _ = w.Write([]byte(`{"to":"+46701234567"}`))
	}))
	t.Cleanup(g.Close)
	return g
}

func TestGateways(t *testing.T) {
	g := newGateway(t)
	for _, c := range []struct {
		gateway, from string
		want          url.Values
	}{
		{Elks, "Upprop", url.Values{"from": {"Upprop"}, "to": {"+46701234567"}, "message": {"Gå ut!"}}},
		{Twilio, "+46766860000", url.Values{"From": {"+46766860000"}, "To": {"+46701234567"}, "Body": {"Gå ut!"}}},
		{Twilio, "MG0123456789abcdef0123456789abcdef", url.Values{"MessagingServiceSid": {"MG0123456789abcdef0123456789abcdef"}, "To": {"+46701234567"}, "Body": {"Gå ut!"}}},
	} {
		s := textSender{SMS{Gateway: c.gateway, User: "AC1", Password: secretFile(t, "hunter2"), From: c.from, URL: g.URL}, time.Now}
		if err := s.send(t.Context(), message{to: "070-123 45 67", text: "Gå ut!"}); err != nil {
			t.Fatal(err)
		}
		user, password, _ := g.last.BasicAuth()
		form, err := url.ParseQuery(string(g.body))
		if err != nil || fmt.Sprint(form) != fmt.Sprint(c.want) || user != "AC1" || password != "hunter2" || g.last.Method != "POST" {
			t.Error(c.gateway, form, user, err)
		}
	}
	where, _ := textSender{SMS{Gateway: Twilio, User: "AC1"}, time.Now}.form("", "")
	if where != "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json" {
		t.Error(where)
	}
}

func TestGatewayFaults(t *testing.T) {
	g := newGateway(t)
	g.header.Set("Retry-After", "120")
	s := textSender{SMS{Gateway: Elks, User: "u", Password: secretFile(t, "p"), From: "Upprop", URL: g.URL}, time.Now}
	for status, want := range map[int]fault{
		401: {why: whyLogin, channel: true}, 403: {why: whyLogin, channel: true}, 400: {why: whyRefused, forGood: true},
		429: {why: whyBusy, channel: true, after: 2 * time.Minute}, 500: {why: whyBusy, channel: true, after: 2 * time.Minute},
		302: {why: whyRefused, forGood: true},
	} {
		g.status = status
		err := s.send(t.Context(), message{to: "+46701234567", text: "x"})
		var f *fault
		if !errors.As(err, &f) || *f != want {
			t.Errorf("%d: %v %+v", status, err, f)
		}
	}
	asked := g.asked
	if err := s.send(t.Context(), message{to: "marker", text: "x"}); err == nil || g.asked != asked {
		t.Error("sent to a number that is none:", err)
	}
	g.Close()
	if err := s.send(t.Context(), message{to: "+46701234567", text: "x"}); err == nil || strings.Contains(err.Error(), "46701234567") || err.Error() != whyUnreachable {
		t.Error(err)
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"070-123 45 67": "+46701234567", "+46 70 123 45 67": "+46701234567", "0046701234567": "+46701234567", "(070) 1234567": "+46701234567",
		"+358401234567": "+358401234567", "": "", "112": "", "+0701234567": "", "sven": "", "+46701234567;x": "", "+4670123456789012": "",
	} {
		if got, ok := dialable(in); got != want || ok != (want != "") {
			t.Errorf("%q is dialled as %q", in, got)
		}
	}
}

func TestSegments(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"", 1},
		{strings.Repeat("å", 160), 1},
		{strings.Repeat("å", 161), 2},
		{strings.Repeat("a", 306), 2},
		{strings.Repeat("a", 307), 3},
		{strings.Repeat("€", 80), 1},
		{strings.Repeat("€", 81), 2},
		{strings.Repeat("ł", 70), 1},
		{strings.Repeat("ł", 71), 2},
		{strings.Repeat("😀", 35), 1},
		{strings.Repeat("😀", 36), 2},
	} {
		if got := Segments(c.text); got != c.want {
			t.Errorf("%.8s… of %d bytes: %d, want %d", c.text, len(c.text), got, c.want)
		}
	}
	token := strings.Repeat("A", 145)
	for _, l := range []string{"sv", "en", "sv-simple", "fi", "nb", "da", "de"} {
		for _, drill := range []bool{true, false} {
			_, text := alarmText(l, drill, time.Now(), "Norra området", []string{"Parkering P1", "Gräsmattan"}, "https://upprop.example.org:8443/r/"+token)
			if n := Segments(text); n > 3 || strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(gsm+gsmTwo, r) }) {
				t.Errorf("%s: an alarm is sent in %d parts: %s", l, n, text)
			}
		}
	}
	// Arabic is not in the alphabet of text messages, so a part holds 67 letters.
	subject, text := alarmText("ar", false, time.Now(), "Norra området", []string{"Parkering P1"}, "https://upprop.example.org:8443/r/"+token)
	if n := Segments(text); n > 6 || !strings.Contains(text, "\u2068Norra området\u2069") || subject != "إنذار حقيقي: اخرجوا الآن" {
		t.Errorf("an alarm in Arabic is sent in %d parts: %s: %s", n, subject, text)
	}
	if subject, _ := alarmText("so", true, time.Now(), "", nil, ""); subject != "DRILL: leave now" {
		t.Errorf("in a language without words of its own it says %q", subject)
	}
}

func TestWebhookIsSigned(t *testing.T) {
	g := newGateway(t)
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	h := Hook{Name: "x", URL: g.URL, Kind: Standard, Secret: secretFile(t, secret), Private: true}
	e := Entry{Kind: HookKind, Event: EventStarted, Start: [16]byte{1}, At: time.Now()}
	body, line, err := tell(e, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	m := message{id: hookID(e), body: body, text: line}
	if err := (hookSender{h, time.Now}).send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	reader, err := webhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Verify(g.body, g.last.Header); err != nil {
		t.Error("not signed as Standard Webhooks has it:", err)
	}
	if err := reader.Verify(append(g.body, ' '), g.last.Header); err == nil {
		t.Error("an altered one verifies")
	}
	var said struct {
		Type string
		Data struct{ Evacuation, Kind string }
	}
	if err := json.Unmarshal(g.body, &said); err != nil || said.Type != EventStarted || said.Data.Kind != "real" || said.Data.Evacuation == "" {
		t.Error(string(g.body), err)
	}
	for kind, want := range map[string]string{Slack: `{"text":"REAL EVACUATION started`, Teams: `"text":"REAL EVACUATION started`} {
		h.Kind, h.Secret = kind, Secret{}
		if err := (hookSender{h, time.Now}).send(t.Context(), m); err != nil || !strings.Contains(string(g.body), want) {
			t.Error(kind, string(g.body), err)
		}
	}
}

// TestNoRequestForgery: a webhook reaches no address within, by number, by
// name or by being sent on.
func TestNoRequestForgery(t *testing.T) {
	g := newGateway(t)
	for _, where := range []string{g.URL, strings.Replace(g.URL, "127.0.0.1", "localhost", 1)} {
		err := (hookSender{Hook{Name: "x", URL: where, Kind: Slack}, time.Now}).send(t.Context(), message{text: "x"})
		if err == nil || err.Error() != whyForbidden || g.asked != 0 {
			t.Error(where, err, g.asked)
		}
	}
	away := newGateway(t)
	away.status = 307
	away.header.Set("Location", g.URL)
	err := (hookSender{Hook{Name: "x", URL: away.URL, Kind: Slack, Private: true}, time.Now}).send(t.Context(), message{text: "x"})
	if err == nil || g.asked != 0 {
		t.Error("followed:", err)
	}
	for _, a := range []string{
		"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.0.8",
		"::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001::1",
	} {
		if public(netip.MustParseAddr(a)) {
			t.Error(a, "is taken for public")
		}
	}
	for _, a := range []string{"1.1.1.1", "8.8.8.8", "2606:4700::1111"} {
		if !public(netip.MustParseAddr(a)) {
			t.Error(a, "is not taken for public")
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "99999999999": maxAfter, "Fri, 27 Nov 2026 09:05:00 GMT": 5 * time.Minute,
		"Fri, 27 Nov 2026 08:05:00 GMT": 0, "soon": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
