package app

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

// stuckDisk takes its time over writes while it is locked.
type stuckDisk struct {
	store.Store
	sync.RWMutex
}

func (d *stuckDisk) Write(b *store.Batch) (func() error, error) {
	d.RLock()
	defer d.RUnlock()
	return d.Store.Write(b)
}

// TestHowFarOthersAreBehind: the numbers say how much another node has not
// taken, and that it has.
func TestHowFarOthersAreBehind(t *testing.T) {
	quick := func(dir string) node.Config {
		return node.Config{Dir: dir, DialEvery: 100 * time.Millisecond, RepairEvery: 100 * time.Millisecond}
	}
	desk := running(t, Config{Node: quick(first(t, identity.RoleDesk))})
	tok, err := desk.Node().CreateToken(node.TokenOptions{Role: identity.RoleEntrance, Name: "East gate"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := node.Enroll(t.Context(), node.EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	disk := &stuckDisk{}
	cfg := quick(dir)
	cfg.OpenStore = func(dir string) (store.Store, error) {
		s, err := store.Open(dir, store.Options{})
		disk.Store = s
		return disk, err
	}
	running(t, Config{Node: cfg})
	t.Cleanup(func() { disk.TryLock(); disk.Unlock() })
	says := func(n int) func() bool {
		return func() bool {
			_, body := get(t, desk.URL()+"metrics")
			return strings.Contains(body, fmt.Sprintf("upprop_peer_events_behind{peer=\"East gate\"} %d\n", n))
		}
	}
	until(t, "a node that has everything", says(0))
	disk.Lock()
	for range 2 { // an event and its sealed record each
		if _, err := desk.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"}); err != nil {
			t.Error(err)
		}
	}
	until(t, "a node whose disk is stuck", says(4))
	disk.Unlock()
	until(t, "a node whose disk works again", says(0))
}
