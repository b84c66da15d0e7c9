package office_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/operators"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestChannelsAreSet(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	const at = "/admin/notices"
	h.reader().login("reception").get(at).is(403, at)
	r := h.reader()
	r.login("desk").get("/admin/settings").is(200, "/admin/settings", at)
	r.get(at).is(200, at, "sends nothing yet")

	mail := []string{"do=smtp", "host=smtp.example.org", "port=", "from=upprop@example.org", "tls=starttls", "user=upprop", "secret=rowan lake 26"}
	bad := func(form []string, change, says string) {
		t.Helper()
		r.post(at, append(append([]string{}, form...), change)...).is(422, at, says, "!rowan lake 26", "sends nothing yet")
	}
	bad(mail, "host=no host/", "no name of a mail server")
	bad(mail, "port=many", "a number from 1 to 65535")
	bad(mail, "from=upprop", "like upprop@example.org")
	bad(mail, "tls=none", "cross the network in clear")
	bad(mail, "user=", "Fill in both, or neither")
	r.post(at, mail...).is(200, at, "Saved.", "smtp.example.org", "A password is kept", "!rowan lake 26")
	m := h.node.Notices().Settings().SMTP
	if m == nil || m.Password.File == "" {
		t.Fatalf("%+v", m)
	}
	if b, err := os.ReadFile(m.Password.File); err != nil || strings.TrimSpace(string(b)) != "rowan lake 26" {
		t.Error("the password is not where it is said to be", err)
	}
	h.recorded("notices.set", admin.ID.By())
	// A password that is not typed stays, and so does what only a command can say.
	if err := h.node.ChangeNotices(func(s *notify.Settings) error { s.SMTP.CA = "/etc/ssl/ours.pem"; return nil }); err != nil {
		t.Fatal(err)
	}
	r.post(at, "do=smtp", "host=mail.example.org", "from=upprop@example.org", "tls=implicit", "user=upprop", "secret=").is(200, at, "Saved.", "mail.example.org")
	if n := h.node.Notices().Settings().SMTP; n.Password != m.Password || n.TLS != "implicit" || n.CA != "/etc/ssl/ours.pem" {
		t.Errorf("%+v", n)
	}
	r.post(at, "do=test", "channel=smtp", "to-smtp=").is(422, at, "whom to send the test to")

	text := []string{"do=sms", "gateway=46elks", "sms_from=Upprop", "sms_user=u1", "secret=rowan"}
	r.post(at, append(text, "sms_from=+++")...).is(422, at, "A number like +46700000000", "!rowan")
	r.post(at, append(text, "secret=")...).is(422, at, "Write the password")
	r.post(at, text...).is(200, at, "Saved.", "api.46elks.com", "!rowan")

	r.post(at, "do=texts", "link=http://example.org", "reception=", "remind=10").is(422, at, "https address", `value="http://example.org"`)
	for _, hours := range []string{"-1", "73", "x", ""} {
		r.post(at, "do=texts", "link=", "reception=", "remind="+hours).is(422, at, "1 to 72 hours")
	}
	r.post(at, "do=texts", "link=https://upprop.example.org/", "reception=desk@example.org", "remind=0").is(200, at, "Saved.", `value="https://upprop.example.org"`)
	if s := h.node.Notices().Settings(); s.Link != "https://upprop.example.org" || s.Reception != "desk@example.org" || s.AskedAfter() != 0 || s.SMTP == nil {
		t.Errorf("%+v", s)
	}
	r.post(at, "do=remove", "channel=smtp").is(200, at, "Removed.", "!mail.example.org", "api.46elks.com")
	r.post(at, "do=remove", "channel=smtp").is(422, at, "not there any more")
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(m.Password.File), "*.secret")); err != nil || len(files) != 1 {
		t.Error("secrets that no channel has are kept:", len(files), err)
	}
}

// A webhook is added, tried, and told why it fails; its address is never shown again.
func TestAWebhookIsAdded(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Admin)
	var status atomic.Int64
	status.Store(204)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	t.Cleanup(srv.Close)
	const at = "/admin/notices"
	r := h.reader()
	r.login("desk")
	form := []string{"do=hook", "name=alarm", "kind=standard", "hook_url=" + srv.URL + "/secret-path", "event-evacuation.started=yes", "private=yes", "secret=" + hookSecret}
	for change, says := range map[string]string{
		"name=Alarm Nr 1": "small letters", "hook_url=ftp://x": "no https address", "private=": "no https address", "kind=fax": "Choose a kind",
		"event-evacuation.started=": "at least one event", "secret=": "would not be signed",
	} {
		r.post(at, append(append([]string{}, form...), change)...).is(422, at, says, "!"+hookSecret)
	}
	r.post(at, form...).is(200, at, "Saved.", "alarm", strings.TrimPrefix(srv.URL, "http://"), "!secret-path", "!"+hookSecret)
	r.post(at, form...).is(422, at, "of that name already")
	r.post(at, "do=test", "channel=webhook/alarm").is(200, at, "The test is sent")
	status.Store(401)
	r.post(at, "do=test", "channel=webhook/alarm").is(422, at, "does not accept the user or the password", "!secret-path")
	r.post(at, "do=remove", "channel=webhook/alarm").is(200, at, "sends nothing yet")
	if n := len(h.node.Notices().Settings().Hooks); n != 0 {
		t.Error(n, "webhooks are left")
	}
}

// TestChannelsInABrowser looks at the page, with channels and with a fault, in both
// languages and themes. With UPPROP_SHOTS pictures are kept.
func TestChannelsInABrowser(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("Astrid Ek", operators.Admin)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(h.url + "/login?lang=sv")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait(".desk")
	p.Goto(h.url + "/admin/notices?lang=sv")
	p.Click("#host")
	p.Type("smtp.example.org" + browsertest.Tab + browsertest.Tab + "upprop@example.org" + browsertest.Enter)
	p.Wait(".notice[data-tone=done]")
	p.Click("#sms_from")
	p.Type("Upprop" + browsertest.Tab + "u1" + browsertest.Tab + "rowan lake" + browsertest.Enter)
	p.Wait("#channels li:nth-child(2)")
	for _, look := range []struct {
		lang string
		dark bool
	}{{"sv", false}, {"en", true}} {
		p.Look(browsertest.Look{Dark: look.dark})
		p.Goto(h.url + "/admin/notices?lang=" + look.lang)
		p.Click("#name")
		p.Type("Fel namn" + browsertest.Enter)
		p.Wait(".summary")
		p.Weight("channels", 150_000)
		p.Axe("channels " + look.lang)
		for _, s := range append(sizes, [2]int{320, 640}) {
			p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: look.dark})
			p.Fits(fmt.Sprintf("channels at %d", s[0]))
			p.Targets(fmt.Sprintf("channels at %d", s[0]), "44")
			if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
				p.Screenshot(filepath.Join(dir, fmt.Sprintf("o-channels-%d-%s.png", s[0], look.lang)))
			}
		}
	}
}
