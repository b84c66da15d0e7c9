package node

import (
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/hosts"
)

// TestHostsAtAGate: a gate finds hosts through a desk, keeps none, and goes on
// without one.
func TestHostsAtAGate(t *testing.T) {
	desk := first(t)
	gate := desk.joined("East gate", identity.RoleEntrance)
	if _, err := desk.Hosts().Put(t.Context(), "", hosts.Host{Name: "Karin Marker", Unit: "Plan 3", Mail: "karin@example.org"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gate finds the host", func() bool {
		found, more := gate.FindHosts(t.Context(), "kar")
		return len(found) == 1 && found[0].Name == "Karin Marker" && !more
	})
	eventually(t, "the gate knows where the host is told", func() bool {
		return gate.hostMail(t.Context(), "Karin Marker, Plan 3") == "karin@example.org"
	})
	if found, _ := gate.FindHosts(t.Context(), "ka"); len(found) != 0 {
		t.Error("two letters find somebody")
	}
	if gate.Hosts().Count() != 0 {
		t.Error("the gate keeps hosts")
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the desk is gone", func() bool { return len(gate.net.Peers()) == 0 })
	if found, more := gate.FindHosts(t.Context(), "kar"); len(found) != 0 || more {
		t.Error("a gate that is alone finds hosts")
	}
}
