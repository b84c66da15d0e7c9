package api

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
)

// A handheld over the interface: chosen, locked, guessed at, unlocked.
func TestPIN(t *testing.T) {
	h := houseOf(t, identity.RoleWarden)
	try := func(path, body string, status int, key string) map[string]any {
		t.Helper()
		code, out := h.do(h.local, "POST", path, body)
		if code != status || key != "" && out["key"] != key {
			t.Errorf("%s %s: %d %v, want %d %s", path, body, code, out, status, key)
		}
		return out
	}
	_, names := h.do(h.local, "GET", "/api/v1/names", "")
	if names["asks"] != true || names["pin_set"] != false || names["locked"] != true || names["wait_until"] != nil {
		t.Errorf("at first: %v", names)
	}
	try("/api/v1/pin/unlock", `{"pin":"1234"}`, 409, "pin.none")
	try("/api/v1/pin/lock", ``, 409, "pin.none")
	try("/api/v1/pin", `{"pin":"12"}`, 422, "pin.malformed")
	try("/api/v1/pin", ``, 422, "pin.malformed")
	if out := try("/api/v1/pin", `{"pin":"1234"}`, 200, ""); out["locked"] != false || out["locks_at"] == nil {
		t.Errorf("set: %v", out)
	}
	if out := try("/api/v1/pin/lock", ``, 200, ""); out["locked"] != true || out["locks_at"] != nil {
		t.Errorf("locked: %v", out)
	}
	try("/api/v1/pin", `{"pin":"4321"}`, 409, "pin.locked")
	for range 4 {
		try("/api/v1/pin/unlock", `{"pin":"4321"}`, 403, "pin.wrong")
	}
	if out := try("/api/v1/pin/unlock", `{"pin":"1234"}`, 429, "pin.wait"); !strings.Contains(out["hint"].(string), "wait 1 seconds") {
		t.Errorf("no word of how long: %v", out)
	}
	if _, names = h.do(h.local, "GET", "/api/v1/names", ""); names["wrong"] != 4.0 || names["wait_until"] == nil {
		t.Errorf("after wrong ones: %v", names)
	}
	try("/api/v1/passphrase", `{}`, 400, "request.malformed")
	if out := try("/api/v1/passphrase", `{"passphrase":"correct horse"}`, 200, ""); out["passphrase"] != true {
		t.Errorf("no passphrase: %v", out)
	}
	if out := try("/api/v1/passphrase", `{"passphrase":""}`, 200, ""); out["passphrase"] != false {
		t.Errorf("still a passphrase: %v", out)
	}
	for _, secret := range []string{"1234", "4321", "correct horse"} {
		if strings.Contains(h.logs.String(), `"`+secret) {
			t.Error("a log has", secret)
		}
	}
}

func TestDesksAskForNoPIN(t *testing.T) {
	h := newHouse(t)
	if code, out := h.do(h.local, "POST", "/api/v1/pin", `{"pin":"1234"}`); code != 403 || out["key"] != "pin.not_here" {
		t.Error(code, out)
	}
	if _, names := h.do(h.local, "GET", "/api/v1/names", ""); names["asks"] != false || names["locked"] != false {
		t.Error(names)
	}
}
