package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/node/api"
)

// person is somebody made of markers that are nowhere else.
type person struct{ name, company, host, email, phone, assist string }

func marked(i int) person {
	word := func() string {
		b := make([]byte, 12)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyz"[rand.IntN(26)]
		}
		return string(b)
	}
	digits := fmt.Sprintf("%08d %04d", rand.IntN(1e8), i)
	return person{
		name: "Åsa Märta " + word(), company: "Ö" + word() + " AB", host: "Örjan " + word(),
		email: word() + "@markör.test", phone: "+46 " + digits, assist: "rullstol " + word(),
	}
}

func (p person) all() []string {
	return []string{p.name, p.company, p.host, p.email, p.phone, p.assist}
}

// words are the parts of the markers that are in no other text.
func (p person) words() (out []string) {
	for _, s := range p.all() {
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '@' || r > 127 }) {
			if len(w) >= 12 {
				out = append(out, w)
			}
		}
	}
	return out
}

func (p person) arrive(t *testing.T, at *process) api.Receipt {
	t.Helper()
	return into[api.Receipt](t, "visit", "in", "--data", at.dir, "--name", p.name, "--company", p.company,
		"--host", p.host, "--email", p.email, "--phone", p.phone, "--assist", p.assist)
}

// page fetches a page over HTTP as a browser on this machine does; whatever
// its status.
func (p *process) page(path string) (string, int) {
	p.t.Helper()
	var s api.Status
	if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s); err != nil {
		p.t.Fatal(err)
	}
	if s.HTTP == nil {
		p.t.Fatal("the node serves no screens")
	}
	res, err := http.Get(strings.TrimSuffix(*s.HTTP, "/") + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b), res.StatusCode
}

// choosePIN gives a handheld its PIN.
func (p *process) choosePIN() {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte("471147\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	must1(p.t, "pin", "set", "--pin-file", file, "--data", p.dir)
}

// ready waits until a node can seal what a visitor tells.
func (p *process) ready() {
	p.t.Helper()
	p.await("the node knows the keys to seal to", 30*time.Second, func() bool {
		var s api.Status
		return newClient(p.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s) == nil && s.Ready
	})
}

// TestNoNameAnywhere: what visitors tell is in no file, on no wire, in no log
// and on no page of a node that may not show it; nor are the keys that open it
// anywhere but in the vault.
func TestNoNameAnywhere(t *testing.T) {
	tap := tapLoopback(t)
	all := campus(t, "entrance", "warden", "relay")
	desk, east, warden, relay := all[0], all[1], all[2], all[3]
	for _, p := range all {
		p.ready()
	}
	var people []person
	var got []api.Receipt
	for i := range 8 {
		p := marked(i)
		people = append(people, p)
		if i == 1 {
			must1(t, "watch", "add", "--data", desk.dir, "--name", p.name, "--phone", p.phone, "--company", p.company, "--reason", p.assist, "--advice", p.host)
		}
		got = append(got, people[i].arrive(t, []*process{desk, east}[i%2]))
	}
	control := "control" + people[0].words()[0] + "control"
	t.Log("the control is", control)
	for _, p := range all {
		p.await("all are listed", 20*time.Second, func() bool { return len(p.listed()) == len(people) })
	}

	// A drill, and names on the warden alone.
	warden.choosePIN()
	must1(t, "evac", "start", "--drill", "--data", east.dir)
	warden.await("the warden reads a name", 20*time.Second, func() bool {
		return strings.Contains(must1(t, "muster", "--data", warden.dir, "--json"), people[1].name)
	})
	pages := &strings.Builder{}
	look := func() {
		for _, p := range all {
			for _, path := range []string{"/", "/healthz", "/metrics", "/kiosk", "/kiosk/leave", "/kiosk/privacy", "/desk", "/admin"} {
				body, _ := p.page(path)
				pages.WriteString(body)
			}
			pages.WriteString(must1(t, "nodes", "--data", p.dir, "--json"))
			pages.WriteString(must1(t, "audit", "list", "--data", p.dir, "--json"))
			pages.WriteString(must1(t, "evac", "status", "--data", p.dir, "--json"))
		}
		for _, p := range []*process{east, relay} {
			for _, path := range []string{"/warden", "/api/v1/muster", "/api/v1/visits"} {
				body, _ := p.page(path)
				pages.WriteString(body)
			}
			list := must1(t, "muster", "--data", p.dir, "--json")
			if !strings.Contains(list, got[4].Visit.String()) {
				t.Error("the list is empty: the search in it proves nothing")
			}
			pages.WriteString(list)
			pages.WriteString(must1(t, "muster", "--data", p.dir))
			pages.WriteString(must1(t, "visit", "list", "--data", p.dir, "--json"))
		}
	}
	look()
	must1(t, "evac", "end", "--reason", "all out", "--data", desk.dir)

	// The one whose QR is shown is greeted; one is put right, one erased.
	if out := must1(t, "visit", "out", got[0].QR, "--data", east.dir, "--json"); !strings.Contains(out, people[0].name) {
		t.Errorf("the bearer of a badge is not greeted at an entrance: %s", out)
	}
	must1(t, "visit", "out", got[1].QR, "--data", relay.dir)
	right := marked(100)
	must1(t, "subject", "rectify", got[2].Visit.String(), "--data", desk.dir, "--name", right.name, "--email", right.email)
	erasure := into[api.Erased](t, "erase", got[3].Visit.String(), "--data", desk.dir)
	desk.await("all have erased", 30*time.Second, func() bool {
		return into[api.ErasureStatus](t, "erase", "status", erasure.Erasure.String(), "--data", desk.dir).Complete
	})
	if out := must1(t, "visit", "list", "--data", desk.dir, "--json"); !strings.Contains(out, right.name) || strings.Contains(out, people[3].name) || !strings.Contains(out, people[4].name) {
		t.Error("the desk does not show who was put right and who is there, and nobody erased")
	}
	look()
	_, _ = relay.page("/?" + url.Values{"q": {control}}.Encode())

	var names, keys, known needles
	for _, p := range append(people, right) {
		for _, s := range append(p.all(), p.words()...) {
			names.text(s)
		}
	}
	known.text("DRILL-Ekudden")
	known.add("the name of the campus", []byte("Reception"))
	for _, p := range all {
		p.orderly()
	}
	for i, p := range all {
		buckets, private := vaultSecrets(t, p.dir)
		t.Logf("node %d: %d bucket keys, %d private keys", i, len(buckets), len(private))
		if len(buckets) == 0 {
			t.Errorf("node %d keeps no key records: nothing is proved of it", i)
		}
		if opens := p == desk || p == warden; opens != (len(private) > 0) {
			t.Errorf("node %d holds %d private keys", i, len(private))
		}
		for _, k := range append(buckets, private...) {
			keys.bytes("a key", k)
		}
		if found, _ := (&needles{}).withKey(buckets[0]).inFolder(t, p.dir); len(found) == 0 {
			t.Error("the search does not find a key in the vault's own file")
		}
	}
	for i, p := range all {
		found, size := names.inFolder(t, p.dir)
		rows, rowSize := names.inDatabase(t, p.dir)
		inKeys, _ := keys.inFolder(t, p.dir, "vault.keys")
		keyRows, _ := keys.inDatabase(t, p.dir)
		t.Logf("node %d: searched %d KiB of files, %d KiB of rows", i, size>>10, rowSize>>10)
		for _, f := range append(append(found, rows...), append(inKeys, keyRows...)...) {
			t.Errorf("node %d: %s", i, f)
		}
		if c, _ := known.inDatabase(t, p.dir); len(c) == 0 {
			t.Errorf("node %d: the search does not find what is known to be there", i)
		}
	}
	for what, text := range map[string]string{"a log": desk.logs.String(), "a page": pages.String()} {
		for _, f := range append(names.in([]byte(text)), keys.in([]byte(text))...) {
			t.Errorf("%s in %s", f, what)
		}
		if len(known.in([]byte(text))) == 0 && what == "a page" {
			t.Error("the search does not find the desk's name on a page")
		}
	}
	if tap != nil {
		heard := tap.end()
		t.Logf("searched %d KiB of traffic", len(heard)>>10)
		var c needles
		c.add("the control", []byte(control))
		if len(c.in(heard)) == 0 {
			t.Error("the search does not find in the traffic what was sent in clear")
		}
		if i := strings.Index(string(heard), control); i >= 0 {
			heard = []byte(strings.ReplaceAll(string(heard), control, ""))
		}
		for _, f := range append(names.in(heard), keys.in(heard)...) {
			t.Errorf("%s in the traffic", f)
		}
	}
}

// withKey adds one key and returns n.
func (n *needles) withKey(k []byte) *needles {
	n.add("a key", k)
	return n
}
