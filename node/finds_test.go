package node

import (
	"slices"
	"sync"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
)

// A member that the local network tells of before the mesh exists is not
// forgotten; a stranger is not kept, and nobody fills the memory.
func TestFoundBeforeTheMeshExists(t *testing.T) {
	a := first(t)
	b := a.joined("East gate", identity.RoleEntrance)
	stranger, err := identity.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{roster: a.roster}
	n.found(b.key.Public(), []string{"192.0.2.1:7460"})
	n.found(b.key.Public(), []string{"192.0.2.2:7460"})
	n.found(stranger.Public(), []string{"192.0.2.3:7460"})
	got := map[identity.NodeID][]string{}
	n.finds.begin(func(id identity.NodeID, addrs []string) { got[id] = addrs })
	if len(got) != 1 || !slices.Equal(got[b.key.ID()], []string{"192.0.2.2:7460"}) {
		t.Error("kept:", got)
	}
	n.found(b.key.Public(), []string{"192.0.2.4:7460"})
	if !slices.Equal(got[b.key.ID()], []string{"192.0.2.4:7460"}) || n.finds.early != nil {
		t.Error("told later:", got)
	}

	var f finds
	for i := range 2 * maxEarly {
		f.tell(identity.NodeID{byte(i), byte(i >> 8)}, nil)
	}
	if len(f.early) != maxEarly {
		t.Errorf("%d are kept", len(f.early))
	}
}

// Whatever comes while the mesh begins is told exactly once.
func TestFoundWhileTheMeshBegins(t *testing.T) {
	for range 50 {
		var f finds
		var mu sync.Mutex
		told := map[identity.NodeID]int{}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() { f.tell(identity.NodeID{byte(i)}, nil) })
		}
		all.Go(func() {
			f.begin(func(id identity.NodeID, _ []string) {
				mu.Lock()
				defer mu.Unlock()
				told[id]++
			})
		})
		all.Wait()
		for i := range 8 {
			if n := told[identity.NodeID{byte(i)}]; n != 1 {
				t.Fatalf("told %d times", n)
			}
		}
	}
}
