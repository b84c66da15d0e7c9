package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upprop/upprop/node/api"
)

// panel is a fire panel's relay as it sends: it knows Standard Webhooks and
// nothing of upprop.
type panel struct{ url, secret string }

func (x panel) send(t *testing.T, id, body string) (int, api.Triggered) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(x.secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprint(time.Now().Unix())
	m := hmac.New(sha256.New, key)
	_, _ = io.WriteString(m, id+"."+at+"."+body)
	req, err := http.NewRequestWithContext(t.Context(), "POST", x.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {at},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))},
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out api.Triggered
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode == http.StatusOK && json.Unmarshal(b, &out) != nil {
		t.Fatal(err, string(b))
	}
	return res.StatusCode, out
}

// web is where a node's screens are.
func (p *process) web() string {
	p.t.Helper()
	var s api.Status
	if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s); err != nil || s.HTTP == nil {
		p.t.Fatal(err, "no screens")
	}
	return *s.HTTP
}

// page gets a page, or sends a form where there is one, and follows it.
func page(t *testing.T, at string, form url.Values) (string, string) {
	t.Helper()
	var res *http.Response
	var err error
	if form == nil {
		res, err = http.Get(at)
	} else {
		res, err = http.PostForm(at, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.Request.URL.String(), strings.ReplaceAll(b.String(), "\u00a0", " ")
}

// TestTriggerProcess: a fire panel starts an evacuation at the reception; the
// gate's kiosk lets nobody in and everybody out, until it is ended.
func TestTriggerProcess(t *testing.T) {
	all := campus(t, "entrance")
	desk, gate := all[0], all[1]
	stayPut(all...)
	must1(t, "point", "add", "Car park", "--data", desk.dir, "--position", "by the oak")
	made := into[api.TriggerMade](t, "trigger", "add", "Fire panel", "--data", desk.dir)
	if made.URL != desk.web()+"api/v1/trigger" {
		t.Fatal(made.URL)
	}
	fire := panel{made.URL, made.Secret}
	kiosk := gate.web() + "kiosk"
	var in api.Receipt
	gate.await("the gate checks people in", 20*time.Second, func() bool {
		out, err := upprop(t, "visit", "in", "--data", gate.dir, "--name", "Astrid Marker", "--json")
		return err == nil && json.Unmarshal([]byte(out), &in) == nil
	})

	if status, _ := (panel{made.URL, "whsec_" + strings.Repeat("A", 44)}).send(t, "1", `{"action":"start"}`); status != http.StatusUnauthorized {
		t.Fatal("a stranger starts an evacuation:", status)
	}
	if _, body := page(t, desk.web()+"metrics", nil); !strings.Contains(body, `upprop_triggers_refused_total{reason="signature"} 1`) {
		t.Error("a wrong signature is not counted")
	}
	if status, out := fire.send(t, "test", `{"action":"test"}`); status != http.StatusOK || out.Evacuation != nil {
		t.Fatal(status, out)
	}
	if _, body := page(t, kiosk+"?lang=en", nil); !strings.Contains(body, "I am arriving") {
		t.Fatal("a test closes the kiosk")
	}
	status, out := fire.send(t, "1", `{"action":"start"}`)
	if status != http.StatusOK || !out.Started || out.Kind != "real" {
		t.Fatal(status, out)
	}
	gate.await("the gate's kiosk says so", 20*time.Second, func() bool {
		_, body := page(t, kiosk+"?lang=en", nil)
		return strings.Contains(body, "Evacuation! Get out now.") && strings.Contains(body, "Car park") && strings.Contains(body, "by the oak")
	})
	at, body := page(t, kiosk+"/arrive", url.Values{"name": {"Bo Marker"}, "lang": {"en"}})
	if !strings.HasPrefix(at, kiosk+"/held/") || !strings.Contains(body, "You are not checked in.") {
		t.Fatal("somebody is checked in during an evacuation:", at)
	}
	if got := gate.listed(); len(got) != 1 {
		t.Fatal(got)
	}
	// The desk can: somebody who is found inside must be on the list.
	checkIn(t, desk, "Found Marker")
	if left, body := page(t, kiosk+"/leave", url.Values{"code": {in.Badge.String()}, "lang": {"en"}}); !strings.Contains(left, "/goodbye") || !strings.Contains(body, "You are checked out.") {
		t.Fatal("nobody can leave:", left)
	}
	evacuation := into[api.Running](t, "evac", "status", "--data", gate.dir).Evacuation
	if evacuation == nil || evacuation.ID != out.Evacuation.ID {
		t.Fatalf("%+v", evacuation)
	}

	must1(t, "evac", "end", "--reason", "all out", "--data", gate.dir)
	if _, body := page(t, at, nil); strings.Contains(body, "Bo Marker") {
		t.Error("what was written is shown before anybody has said that they wrote it")
	}
	if _, body := page(t, strings.Split(at, "?")[0], url.Values{"lang": {"en"}, "do": {"continue"}}); !strings.Contains(body, `value="Bo Marker"`) {
		t.Error("what was written is lost")
	}
	// The panel sends its message again, after a power cut: nothing starts.
	desk.await("the desk hears of the end", 20*time.Second, func() bool {
		return into[api.Running](t, "evac", "status", "--data", desk.dir).Evacuation == nil
	})
	desk.await("the trigger is on record", 20*time.Second, func() bool {
		acts, err := upprop(t, "audit", "list", "--data", desk.dir)
		return err == nil && strings.Contains(acts, "trigger.start")
	})
	_ = desk.stop(syscall.SIGKILL)
	desk.start()
	fire.url = desk.web() + "api/v1/trigger"
	if status, out := fire.send(t, "1", `{"action":"start"}`); status != http.StatusOK || out.Started || !out.Repeated || out.Evacuation != nil {
		t.Fatal("a repetition starts it anew:", status, out)
	}
	if report, _ := upprop(t, "audit", "list", "--data", desk.dir); !strings.Contains(report, "trigger.start") {
		t.Error("the trigger is on record no more:", report)
	}
}
