package api

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNoticeChannels(t *testing.T) {
	h := newHouse(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{
		`{"smtp":{"host":"mail.example.org","from":"upprop@example.org","tls":"starttls","user":"u","password":{"file":"` + secret + `"}}}`:      200,
		`{"smtp":{"host":"mail.example.org","from":"upprop@example.org","tls":"none"}}`:                                                          422,
		`{"smtp":{"host":"mail.example.org","from":"upprop","tls":"starttls"}}`:                                                                  422,
		`{"smtp":{"host":"mail.example.org","from":"upprop@example.org","tls":"starttls","user":"u","password":{"file":"` + secret + `.none"}}}`: 422,
		`{"sms":{"gateway":"46elks","user":"u","from":"Upprop","password":{"file":"` + secret + `"}}}`:                                           200,
		`{"sms":{"gateway":"carrier pigeon","user":"u","from":"Upprop","password":{"file":"` + secret + `"}}}`:                                   422,
		`{"webhook":{"name":"panel","url":"https://hooks.example.org/T0/SECRETPATH","kind":"slack","events":["visit.arrived"]}}`:                 200,
		`{"webhook":{"name":"panel","url":"http://hooks.example.org/","kind":"slack","events":["visit.arrived"]}}`:                               422,
		`{"webhook":{"name":"panel","url":"https://hooks.example.org/","kind":"standard","events":["visit.arrived"]}}`:                           422,
		`{"webhook":{"name":"panel","url":"https://hooks.example.org/","kind":"slack","events":["visit.left"]}}`:                                 422,
		`{"link":"https://upprop.example.org/","reception":"reception@example.org"}`:                                                             200,
		`{"link":"http://upprop.example.org"}`: 422,
		`{"reception":"the desk"}`:             422,
		`{"smoke":"signals"}`:                  400,
	} {
		if status, out := h.do(h.local, "POST", "/api/v1/notices/settings", body); status != want {
			t.Errorf("%s: %d %v", body, status, out)
		}
	}
	for _, path := range []string{"/api/v1/notices/settings", "/api/v1/notices/remove", "/api/v1/notices/test"} {
		if status, _ := h.do(h.remote, "POST", path, `{}`, "Authorization", "Bearer "+token); status != 403 {
			t.Errorf("%s is done from afar: %d", path, status)
		}
	}
	_, out := h.do(h.remote, "GET", "/api/v1/notices", "", "Authorization", "Bearer "+token)
	all := fmt.Sprint(out)
	for _, want := range []string{"mail.example.org", "api.46elks.com", "webhook/panel", "hooks.example.org", "https://upprop.example.org"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not told of", want)
		}
	}
	for _, secret := range []string{"SECRETPATH", "hunter2", secret} {
		if strings.Contains(all+h.logs.String(), secret) {
			t.Errorf("%s is told", secret)
		}
	}
	info, err := os.Stat(filepath.Join(h.dir, "notices.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error("the file of channels:", err, info)
	}
	if status, _ := h.do(h.local, "POST", "/api/v1/notices/remove", `{"channel":"webhook/panel"}`); status != 200 {
		t.Error(status)
	}
	if status, _ := h.do(h.local, "POST", "/api/v1/notices/remove", `{"channel":"webhook/panel"}`); status != 404 {
		t.Error(status)
	}
	if status, out := h.do(h.local, "POST", "/api/v1/notices/test", `{"channel":"webhook/panel"}`); status != 404 || out["hint"] == nil {
		t.Error(status, out)
	}
	if status, _ := h.do(h.local, "POST", "/api/v1/notices/test", `{"channel":"sms"}`); status != 422 {
		t.Error(status)
	}
}
