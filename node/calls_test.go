package node

import (
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/calls"
)

// A call goes from a gate to a desk and its answer comes back; while the link is
// cut the gate knows that nobody hears it.
func TestCallBetweenNodes(t *testing.T) {
	a := first(t)
	b := a.joined("East gate", identity.RoleEntrance)
	eventually(t, "the desk", func() bool { return len(b.connectedDesks()) == 1 })
	if err := b.Calls().Ring(); err != nil {
		t.Fatal(err)
	}
	done := a.Calls().Watch()
	defer done()
	eventually(t, "that a screen shows it", func() bool {
		b.Calls().Round(t.Context())
		return b.Calls().Own().State == calls.Shown
	})
	all := a.Calls().Calls()
	if len(all) != 1 || all[0].Place.Entrance != "East gate" {
		t.Fatalf("%+v", all)
	}
	if err := a.Calls().Answer(all[0].ID, calls.Coming, "operator x"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the answer", func() bool {
		b.Calls().Round(t.Context())
		return b.Calls().Own().State == calls.Coming
	})
	b.net.Sever(a.key.ID(), true)
	eventually(t, "that nobody hears it", func() bool { return b.Calls().Own().Cut })
}
