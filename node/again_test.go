package node

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node/webcert"
)

// An init that failed half-way, wherever, can be run again in the same folder.
func TestInitCanBeTriedAgain(t *testing.T) {
	disk := openDisk(slog.New(slog.DiscardHandler))
	dir := t.TempDir()
	o := InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}
	failing := o
	failing.OpenStore = func(string) (store.Store, error) { return nil, store.ErrFull }
	if err := Init(failing); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	failing.OpenStore = func(dir string) (store.Store, error) {
		s, err := disk(dir)
		return &lastWord{Store: s}, err
	}
	if err := Init(failing); err == nil {
		t.Fatal("a campus was made on a disk that fails")
	}
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrNoNode) {
		t.Fatal("half a node can be opened:", err)
	}
	if _, err := Enroll(context.Background(), EnrollOptions{Dir: dir, Token: join.Token{}}); !errors.Is(err, errUnfinished) {
		t.Fatal("half a campus joins another:", err)
	}
	other := o
	other.Campus = "Another"
	if err := Init(other); !errors.Is(err, errUnfinished) {
		t.Fatal("two campuses in one folder:", err)
	}
	if err := Init(o); err != nil {
		t.Fatal(err)
	}
	n := run(t, dir)
	if n.CampusName() != "Ekudden" || !n.Self().MayIssue || n.Self().Role != identity.RoleDesk {
		t.Fatalf("%+v", n.Self())
	}
}

// lastWord is a store that takes one batch and no more.
type lastWord struct {
	store.Store
	n int
}

func (s *lastWord) Write(b *store.Batch) (func() error, error) {
	if s.n++; s.n > 1 {
		return nil, store.ErrFull
	}
	return s.Store.Write(b)
}

func (s *lastWord) Apply(b *store.Batch) error {
	wait, err := s.Write(b)
	if err != nil {
		return err
	}
	return wait()
}

// A power cut while the web key is made leaves a whole one or none.
func TestWebKeyIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.key")
	if err := os.WriteFile(filepath.Join(dir, ".web.key-half"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := webcert.OpenKey(path); err != nil {
		t.Fatal(err)
	}
	if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 || i.Size() == 0 {
		t.Fatal(i, err)
	}
	if _, err := webcert.OpenKey(path); err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsRun(t *testing.T) {
	dir := t.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.Run(context.Background()) }()
	eventually(t, "run begins", func() bool {
		n.running.Lock()
		defer n.running.Unlock()
		return n.cancel != nil
	})
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close returned and Run goes on")
	}
	if err := n.Run(context.Background()); !errors.Is(err, crdt.ErrClosed) {
		t.Fatal("a closed node runs:", err)
	}
}
