package node

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
)

// A desk that joins takes the keys of the campus and makes none: what a second
// one made before it had heard of the first's only it could open.
func TestASecondDeskMakesNoKeys(t *testing.T) {
	desk := first(t)
	want := 2 * access.Ahead
	if n := len(desk.vault.known()); n != want {
		t.Fatalf("the first desk knows %d keys", n)
	}
	other := desk.joined("Desk 2", identity.RoleDesk)
	eventually(t, "the second desk holds every key", func() bool {
		return len(other.vault.Lacking([]record.Audience{record.CardAudience, record.DossierAudience})) == 0 && len(other.ring.Public()) >= want
	})
	eventually(t, "both desks are settled", func() bool { return desk.allCovered() && other.allCovered() })
	for _, n := range []*running{desk, other} {
		if got := len(n.vault.known()); got != want {
			t.Errorf("%s knows %d keys, not %d", n.Self().Name, got, want)
		}
	}
}
