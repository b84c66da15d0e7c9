package office_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/operators/passkey/passkeytest"
)

// local has a house reached as browsers do that show passkeys to it.
func (h *house) local() { h.url = strings.Replace(h.url, "127.0.0.1", "localhost", 1) }

var (
	optionsOf  = regexp.MustCompile(`data-options="(\{.*?\})" hidden`)
	questionOf = regexp.MustCompile(`name="question" value="([A-Z2-7]+)"`)
)

// passkey makes a passkey on the reader's own page.
func (r *reader) passkey(name string) *passkeytest.Device {
	r.h.t.Helper()
	r.post("/login/passkeys", "do=new", "name="+name, "password="+good).is(200, "/login/passkeys", "Make the passkey")
	options, question := optionsOf.FindStringSubmatch(r.body), questionOf.FindStringSubmatch(r.body)
	if options == nil || question == nil {
		r.h.t.Fatal(r.body)
	}
	d := passkeytest.New("localhost", r.h.url)
	r.post("/login/passkeys", "do=keep", "question="+question[1], "answer="+string(d.Make([]byte(options[1])))).is(200, "/login/passkeys", name)
	return d
}

// asked is what a script is told to ask the browser.
func (r *reader) asked() (question string, options []byte) {
	r.h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.h.url+"/login/passkey/ask", nil)
	if err != nil {
		r.h.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if r.do(req); r.status != 200 {
		return "", nil
	}
	var got struct{ Question, Options string }
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		r.h.t.Fatal(err, r.body)
	}
	return got.Question, []byte(got.Options)
}

// show signs in with a passkey.
func (r *reader) show(d *passkeytest.Device) *reader {
	r.h.t.Helper()
	question, options := r.asked()
	return r.post("/login/passkey", "question="+question, "answer="+string(d.Show(options)), "to=/desk/expected")
}

func TestSigningInWithAPasskey(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	astrid := h.operator("Astrid Marker", operators.Reception)
	boss := h.operator("boss", operators.Admin)
	h.reader().get("/login").is(200, "/login", "!Sign in with a passkey", "!Passkeys are shown")
	h.local()
	r := h.reader()
	r.get("/login").is(200, "/login", "Sign in with a passkey")
	r.login("Astrid Marker")
	r.get("/login/passkeys").is(200, "/login/passkeys", "You have none yet")
	r.post("/login/passkeys", "do=new", "name=Telefonen", "password=wrong").is(422, "/login/passkeys", "not the password you have now")
	r.post("/login/passkeys", "do=keep", "question=X", "answer={}").is(422, "/login/passkeys", "took too long")
	key := r.passkey("Telefonen")
	h.recorded("operator.passkey", astrid.ID.By())
	// Nobody types a name.
	other := h.reader()
	other.show(key).is(200, "/desk/expected", "Astrid Marker")
	third := h.reader()
	key.Unverified = true
	third.show(key).is(422, "/login/passkey", "was not accepted", "/login?to=")
	key.Unverified = false
	key.Origin = "https://evil.example"
	third.show(key).is(422, "/login/passkey", "was not accepted")
	key.Origin = h.url
	question, options := third.asked()
	answer := string(key.Show(options))
	third.post("/login/passkey", "question="+question, "answer="+answer).is(200, "/desk")
	h.reader().post("/login/passkey", "question="+question, "answer="+answer).is(422, "/login/passkey", "sent twice")
	h.recorded("login.passkey_wrong", "somebody as "+astrid.ID.By())
	// An administrator takes it away: who came in by it is out, who did not is not.
	b := h.reader()
	b.login("boss")
	b.get("/admin/operators").is(200, "/admin/operators", "with 1 passkey")
	b.post("/admin/operator/"+string(astrid.ID), "do=passkeys").is(200, "/admin/operator/"+string(astrid.ID), "!Take all passkeys away")
	h.recorded("operator.passkey_remove", boss.ID.By())
	other.get("/desk").is(200, "/login")
	r.get("/desk").is(200, "/desk")
	third.show(key).is(422, "/login/passkey", "was not accepted")
	if strings.Contains(h.logs.String(), "Telefonen") {
		t.Error("a log has what a passkey is called")
	}
}

func TestPasskeyInPlaceOfACode(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.local()
	h.operator("Astrid Marker", operators.Reception)
	if err := h.node.Operators().SetRequired(t.Context(), "", operators.Reception, true); err != nil {
		t.Fatal(err)
	}
	r := h.reader()
	r.post("/login", "alias=Astrid Marker", "password="+good).is(200, "/login/factor", "Make a passkey instead")
	r.get("/login/passkeys").is(200, "/login/passkeys", "A passkey is one")
	key := r.passkey("Telefonen")
	r.get("/desk").is(200, "/desk")
	h.reader().post("/login", "alias=Astrid Marker", "password="+good).is(422, "/login", "yours is a passkey")
	r = h.reader()
	r.show(key).is(200, "/desk/expected")
	r.get("/login/passkeys").is(200, "/login/passkeys", "Telefonen")
	mine := regexp.MustCompile(`name="key" value="([0-9a-z]+)"`).FindStringSubmatch(r.body)
	r.post("/login/passkeys", "do=drop", "key="+mine[1], "password="+good).is(422, "/login/passkeys", "needs a second factor")
	enrol(t, r.get("/login/factor"))
	r.post("/login/passkeys", "do=drop", "key="+mine[1], "password="+good).is(200, "/login/passkeys", "You have none yet")
}

// TestPasskeysUnderTheCampusDomain says why none is offered elsewhere.
func TestPasskeysUnderTheCampusDomain(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("boss", operators.Admin)
	r := h.reader()
	r.login("boss")
	r.get("/login/passkeys").is(200, "/login/passkeys", "no domain set", "!Go on")
	r.post("/admin/settings", "set=domain", "domain=se").is(422, "/admin/settings", "domain of your own")
	r.post("/admin/settings", "set=domain", "domain=Upprop.example.se").is(200, "/admin/settings", `value="upprop.example.se"`)
	r.get("/login/passkeys").is(200, "/login/passkeys", "Passkeys are shown at names in upprop.example.se")
	stranger := h.reader()
	stranger.get("/login").is(200, "/login", "Passkeys are shown at names in upprop.example.se", "!Sign in with a passkey")
	if question, _ := stranger.asked(); question != "" || stranger.status == 200 {
		t.Error("a page at another name is asked for passkeys:", stranger.status)
	}
	stranger.post("/login/passkey", "question=X", "answer={}").is(422, "/login/passkey", "took too long")
	if h.node.Domain() != "upprop.example.se" {
		t.Error(h.node.Domain())
	}
	if err := h.node.EditSetting(t.Context(), "", node.DomainSetting, ""); err != nil {
		t.Fatal(err)
	}
	stranger.get("/login").is(200, "/login", "!Passkeys are shown")
}

// TestPasskeyInABrowser makes a passkey and signs in with it, by keyboard; and
// looks at the pages where one signs in otherwise.
func TestPasskeyInABrowser(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.local()
	h.operator("Astrid Ek", operators.Admin)
	err := h.node.Operators().SetProvider(t.Context(), "", operators.Provider{Issuer: "https://login.example.se", Client: "upprop", Secret: "hush"})
	if err != nil {
		t.Fatal(err)
	}
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Passkeys()
	shots := os.Getenv("UPPROP_SHOTS")
	see := func(name string) {
		for i, l := range []string{"sv", "en"} {
			p.Look(browsertest.Look{Width: sizes[i*2][0], Height: sizes[i*2][1], Dark: l == "en"})
			if shots != "" {
				p.Screenshot(filepath.Join(shots, fmt.Sprintf("%s-%s.png", name, l)))
			}
			p.Axe(name)
			p.Fits(name)
			p.Targets(name, "44")
		}
		p.Look(browsertest.Look{})
	}
	p.Goto(h.url + "/login?lang=sv")
	p.Wait("form[data-passkey] button")
	see("login-passkey")
	p.Click("#alias")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait(".desk")
	p.Goto(h.url + "/login/passkeys?lang=sv")
	p.Click("#name")
	p.Type("Telefonen" + browsertest.Tab + good + browsertest.Enter)
	p.Wait("form[data-options] button")
	see("passkey-new")
	p.Type(browsertest.Enter)
	p.Wait("form input[name=key] ~ h2")
	see("passkeys")
	p.Goto(h.url + "/admin/login?lang=sv")
	see("provider")
	p.Click(".me button")
	p.Wait("form[data-passkey] button")
	p.Click("#alias")
	p.Type(browsertest.Tab + browsertest.Tab + browsertest.Tab + browsertest.Enter)
	p.Wait(".desk")
	if got := p.Text(".me bdi"); got != "Astrid Ek" {
		t.Error("signed in as", got)
	}
}
