package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
)

// TestRevokedNodeClosesItsDoor: its kiosk lets nobody in, /healthz fails, and
// the others go on naming it with what it had told.
func TestRevokedNodeClosesItsDoor(t *testing.T) {
	desk := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk), BeatEvery: 100 * time.Millisecond}})
	tok, err := desk.Node().CreateToken(node.TokenOptions{Role: identity.RoleEntrance, Name: "East gate"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := node.Enroll(t.Context(), node.EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	east := running(t, Config{Node: node.Config{Dir: dir, BeatEvery: 100 * time.Millisecond}})
	until(t, "the desk has heard of the gate", func() bool {
		for _, e := range (house{desk}).Entrances() {
			if e.Name == "East gate" && !e.CompleteAsOf.IsZero() {
				return true
			}
		}
		return false
	})
	if err := desk.Node().Revoke("East gate"); err != nil {
		t.Fatal(err)
	}
	until(t, "the gate's health fails", func() bool {
		code, body := get(t, east.URL()+"healthz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, `"status":"revoked"`)
	})
	if code, body := get(t, east.URL()+"kiosk?lang=en"); code != http.StatusServiceUnavailable || !strings.Contains(body, "This door is closed") {
		t.Errorf("the kiosk of a revoked node: %d", code)
	}
	for _, e := range (house{desk}).Entrances() {
		if e.Name == "East gate" && !e.CompleteAsOf.IsZero() {
			return
		}
	}
	t.Error("what the revoked gate had told is forgotten")
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
