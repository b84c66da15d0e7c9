package node

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/node/visits"
)

// stiff is a disk on which nothing can be overwritten while it is stuck.
type stiff struct {
	seal.FS
	stuck *atomic.Bool
}

var errStuck = errors.New("input/output error")

func (d stiff) Blank(name string) error {
	if d.stuck.Load() {
		return errStuck
	}
	return d.FS.Blank(name)
}

// A node starts although keys that were replaced cannot be overwritten, says
// so, tries again, and tells who is not taken in meanwhile what to do.
func TestKeysThatCannotBeOverwritten(t *testing.T) {
	desk := first(t)
	before, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	dir, old := string(desk.folder), desk.folder.vault()+".old"
	desk.stop()
	if err := os.WriteFile(old, []byte("keys of yesterday"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stuck atomic.Bool
	stuck.Store(true)
	desk = runWith(t, Config{Dir: dir, VaultFS: stiff{seal.OSFS(), &stuck}})
	if desk.VaultFacts().Untidy == "" {
		t.Error("nobody would notice")
	}
	if c, err := desk.Visits().Card(before.Visit); err != nil || c.Name != "Astrid Marker" {
		t.Error("names that are held are not shown:", err)
	}
	// As of one who comes on a day whose bucket key has not been made.
	if _, err := (locker{desk.ring, desk.expiry}).Lock(desk.KeptFrom()+record.Day(90), nil, []byte("key")); !errors.Is(err, visits.ErrNotKept) {
		t.Errorf("a raw error reaches who comes: %v", err)
	}
	if err := desk.ring.Tidy(); !errors.Is(err, errStuck) {
		t.Error(err)
	}
	stuck.Store(false)
	if err := desk.ring.Tidy(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) || desk.VaultFacts().Untidy != "" {
		t.Error("still there:", err)
	}
	if _, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Bertil Marker"}); err != nil {
		t.Error(err)
	}
}
