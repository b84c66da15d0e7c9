package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upprop/upprop/node/api"
)

// holds looks through all that a node shows and hands out for words of a person,
// and says where each is: in lists (the visits, the muster, the warden's page),
// in the extract, or anywhere else, where none may ever be.
func (p *process) holds(visit string, desk bool, words ...string) (lists, extract map[string]bool, elsewhere []string) {
	p.t.Helper()
	lists, extract = map[string]bool{}, map[string]bool{}
	look := func(text string, into map[string]bool) {
		for _, w := range words {
			into[w] = into[w] || strings.Contains(text, w)
		}
	}
	look(must1(p.t, "visit", "list", "--data", p.dir, "--json"), lists)
	look(must1(p.t, "muster", "--data", p.dir, "--json"), lists)
	page, _ := p.page("/warden?lang=en")
	look(page, lists)
	if desk {
		forms := []string{p.workbook(visit)}
		for _, form := range []string{"--json", "--csv", "--lang=en"} {
			forms = append(forms, must1(p.t, "subject", "export", visit, "--data", p.dir, form))
		}
		for _, w := range words {
			in := 0
			for _, text := range forms {
				if strings.Contains(text, w) {
					in++
				}
			}
			if extract[w] = in > 0; in > 0 && in < len(forms) {
				elsewhere = append(elsewhere, fmt.Sprintf("%q in %d of %d forms of the extract", w, in, len(forms)))
			}
		}
	}
	backup := filepath.Join(p.t.TempDir(), "backup")
	must1(p.t, "backup", backup, "--data", p.dir)
	raw, err := os.ReadFile(backup)
	if err != nil {
		p.t.Fatal(err)
	}
	other := map[string]string{
		"the backup": string(raw), "the record of acts": must1(p.t, "audit", "list", "--data", p.dir, "--json"),
		"the log": p.stderr.String(), "nodes": must1(p.t, "nodes", "--data", p.dir, "--json"),
	}
	if desk {
		other["cases"] = must1(p.t, "case", "list", "--data", p.dir, "--json")
		other["the record of processing"] = must1(p.t, "privacy", "record", "--data", p.dir)
		other["erasures"] = must1(p.t, "erase", "status", "--data", p.dir, "--json")
	}
	for _, path := range []string{"/", "/kiosk", "/kiosk/privacy", "/kiosk/mine", "/desk", "/desk/rights", "/metrics", "/healthz"} {
		other[path], _ = p.page(path)
	}
	for where, text := range other {
		for _, w := range words {
			if strings.Contains(text, w) {
				elsewhere = append(elsewhere, fmt.Sprintf("%q in %s", w, where))
			}
		}
	}
	return lists, extract, elsewhere
}

// workbook is all text of an extract as a workbook.
func (p *process) workbook(visit string) (text string) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "extract.xlsx")
	must1(p.t, "subject", "export", visit, "--data", p.dir, "--xlsx", path)
	z, err := zip.OpenReader(path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			p.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			p.t.Fatal(err)
		}
		text += string(b)
	}
	return text
}

// own is what the person sees on the page of their own at a kiosk.
func (p *process) own(badge, knows string) (text string) {
	p.t.Helper()
	var s api.Status
	if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s); err != nil {
		p.t.Fatal(err)
	}
	p.await("a desk answers for the kiosk", time.Minute, func() bool {
		form := url.Values{"lang": {"en"}, "code": {badge}, "knows": {knows}}
		req, err := http.NewRequestWithContext(context.Background(), "POST", strings.TrimSuffix(*s.HTTP, "/")+"/kiosk/mine", strings.NewReader(form.Encode()))
		if err != nil {
			p.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		text = string(b)
		return err == nil && !strings.Contains(text, "does not reach the reception") && !strings.Contains(text, "a few seconds and try again")
	})
	return text
}

// One person goes through the rights at two desks and an entrance, real
// processes, of which one desk is off whenever a right is used and back later.
// After each it is looked what every list, page, extract, log and backup of every
// node holds, also on all pages that an operator who may all can reach by links, and what the person sees at the entrance. At last a desk is put back
// from the backup of before all this: nothing comes back with it.
func TestOnePersonOnEveryNode(t *testing.T) {
	all := campus(t, "desk", "entrance")
	stayPut(all...)
	heardAll(all...)
	desk, south, gate := all[0], all[1], all[2]
	for _, p := range all {
		p.ready()
	}
	const first, right, phone, chair = "Markerfirst", "Markerright", "0709876543", "Markerchair"
	words := []string{first, right, phone, chair}
	in := into[api.Receipt](t, "visit", "in", "--data", gate.dir, "--name", "Astrid "+first, "--phone", phone, "--assist", chair)
	v := in.Visit.String()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(staffPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must1(t, "operator", "add", "boss", "--role", "admin", "--password-file", password, "--data", desk.dir)

	// check waits until the desks agree, and then looks at everything.
	check := func(step string, inLists, inExtract []string) {
		t.Helper()
		same := func(got map[string]bool, want []string) bool {
			n := 0
			for _, w := range want {
				if !got[w] {
					return false
				}
			}
			for _, there := range got {
				if there {
					n++
				}
			}
			return n == len(want)
		}
		for _, p := range []*process{desk, south} {
			var lists, extract map[string]bool
			var elsewhere []string
			end := time.Now().Add(30 * time.Second)
			for {
				lists, extract, elsewhere = p.holds(v, true, words...)
				if same(lists, inLists) && same(extract, inExtract) || time.Now().After(end) {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if !same(lists, inLists) || !same(extract, inExtract) {
				t.Errorf("%s, at %s: lists hold %v, want %v; the extract %v, want %v", step, p.dir, lists, inLists, extract, inExtract)
			}
			if len(elsewhere) > 0 {
				t.Errorf("%s, at %s: %v", step, p.dir, elsewhere)
			}
			if s := p.signIn("boss").strays(v, in.Badge.String(), words, inLists, inExtract); len(s) > 0 {
				t.Errorf("%s, behind the sign-in at %s: %v", step, p.dir, s)
			}
		}
		lists, _, elsewhere := gate.holds(v, false, words...)
		if !same(lists, nil) || len(elsewhere) > 0 {
			t.Errorf("%s, at the entrance: %v %v", step, lists, elsewhere)
		}
		page, shown := gate.own(in.Badge.String(), phone), map[string]bool{}
		for _, w := range words {
			shown[w] = strings.Contains(page, w)
		}
		if !same(shown, inExtract) {
			t.Errorf("%s, their own page at the entrance holds %v, want %v", step, shown, inExtract)
		}
	}
	// away does something at the desk while the other is off.
	away := func(args ...string) {
		t.Helper()
		if err := south.stop(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		must1(t, append(args, "--data", desk.dir)...)
		south.start()
	}

	check("checked in", []string{first, chair}, []string{first, phone, chair})
	early := filepath.Join(t.TempDir(), "early.upprop")
	must1(t, "backup", early, "--data", desk.dir)
	away("subject", "rectify", v, "--name", "Astrid "+right)
	check("corrected", []string{right, chair}, []string{right, phone, chair})
	away("consent", "withdraw", v, "assist")
	check("consent taken back", []string{right}, []string{right, phone})
	away("subject", "restrict", v, "--reason", "accuracy contested")
	check("restricted", nil, []string{right, phone})
	away("subject", "restrict", v, "--lift")
	check("lifted", []string{right}, []string{right, phone})
	away("subject", "object", v, "--reason", "protected identity")
	check("objected", nil, []string{right, phone})
	id := ""
	for _, c := range into[[]api.Case](t, "case", "list", "--data", south.dir) {
		if c.State == "open" {
			id = c.Case.String()
		}
	}
	must1(t, "case", "decide", id, "--refuse", "--reason", "a legal claim", "--data", south.dir)
	check("refused", []string{right}, []string{right, phone})
	must1(t, "retention", "set", "contact", "7", "--data", desk.dir)
	if out := must1(t, "privacy", "notice", "--lang", "en", "--data", desk.dir); !strings.Contains(out, "7 days") {
		t.Error("the notice does not say what stands:", out)
	}
	away("erase", v)
	check("erased", nil, nil)
	south.await("all nodes have confirmed", 30*time.Second, func() bool {
		s := into[[]api.ErasureSummary](t, "erase", "status", "--data", south.dir)
		return len(s) == 1 && s[0].Complete && s[0].Receipts == 3
	})

	desk.orderly()
	again := &process{t: t, dir: filepath.Join(t.TempDir(), "again"), logs: desk.logs, listen: desk.listen}
	must1(t, "restore", early, "--data", again.dir)
	again.start()
	t.Cleanup(again.orderly)
	if !strings.Contains(must1(t, "visit", "list", "--data", again.dir, "--json"), v) {
		t.Error("the visit is not in the backup: nothing is proved by it")
	}
	again.ready()
	again.await("the restored desk has heard of the erasure", time.Minute, func() bool {
		lists, extract, elsewhere := again.holds(v, true, words...)
		for _, w := range words {
			if lists[w] || extract[w] || len(elsewhere) > 0 {
				t.Fatalf("back with the backup: %v %v %v", lists, extract, elsewhere)
			}
		}
		s := into[[]api.ErasureSummary](t, "erase", "status", "--data", again.dir)
		return len(s) == 1 && s[0].Complete
	})
}
