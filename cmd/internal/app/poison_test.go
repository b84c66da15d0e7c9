package app

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/visits"
)

// TestPoisonIsNamed: after a run that a change ended, its author is named in
// the list of nodes and by doctor, and people are checked in as before.
func TestPoisonIsNamed(t *testing.T) {
	dir := first(t, identity.RoleDesk)
	a, err := Open(Config{Node: node.Config{Dir: dir}, OwnProcess: true})
	if err != nil {
		t.Fatal(err)
	}
	author := a.Node().Self().ID
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	// What the guard file holds when the core ends the process, and its last
	// words: see crdt's test that does it with the real core.
	note := make([]byte, 4096)
	note[0], note[1] = 1, 0x66
	copy(note[33:], author[:])
	if err := os.WriteFile(filepath.Join(dir, "applying"), note, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "crash"), []byte("SIGABRT: abort\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a = running(t, Config{Node: node.Config{Dir: dir}, OwnProcess: true})
	w := httptest.NewRecorder()
	a.local().ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/api/v1/nodes", nil))
	var nodes []api.Node
	if err := json.Unmarshal(w.Body.Bytes(), &nodes); err != nil || len(nodes) != 1 || !slices.Contains(nodes[0].Trouble, "quarantined") {
		t.Errorf("%v %s", err, w.Body)
	}
	if !slices.Contains(codes(a), "quarantined") || !slices.Contains(codes(a), "crashed") {
		t.Error("doctor says", codes(a))
	}
	if _, err := a.Node().Visits().CheckIn(context.Background(), visits.Arrival{Name: "Astrid"}); err != nil {
		t.Error(err)
	}
}

func codes(a *App) (out []string) {
	for _, f := range a.screens.api.Diagnose().Findings {
		out = append(out, f.Code)
	}
	return out
}
