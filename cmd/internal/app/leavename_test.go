package app

import (
	"net/url"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// Who came at the reception and has lost the badge leaves at a gate, which reads no
// names: a desk finds the visit, and the gate writes the departure. With the desk away
// nobody leaves so.
func TestLeavesByNameAtAGate(t *testing.T) {
	desk, gate := two(t, identity.RoleEntrance)
	for _, a := range []visits.Arrival{{Name: "Astrid Marker", Phone: "070-174 06 05"}, {Name: "Astrid Marker", Phone: "070-174 06 99"}, {Name: "Bo Marker"}} {
		if _, err := desk.Node().Visits().CheckIn(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	within(t, "the gate knows them", func() bool { return len(gate.Node().Replica().Open()) == 3 })
	leave := func(name, knows string) (int, string, string) {
		return submit(t, gate.App, "kiosk/leave/name", url.Values{"name": {name}, "knows": {knows}, "lang": {"en"}})
	}
	for _, x := range [][2]string{{"Astrid Marker", "070-174 06 04"}, {"Bo Marker", "Bo Marker"}, {"Marker", "070-174 06 05"}} {
		if status, _, page := leave(x[0], x[1]); status != 422 || !strings.Contains(page, "Nobody inside has that name") {
			t.Errorf("%v: %d %s", x, status, page)
		}
	}
	if n := len(gate.Node().Replica().Open()); n != 3 {
		t.Fatal("somebody has left who did not:", n)
	}
	if status, at, page := leave("astrid marker", "+46 70 174 06 05"); status != 200 || !strings.HasPrefix(at, "/kiosk/goodbye") {
		t.Fatal(status, at, page)
	}
	within(t, "the desk hears of it", func() bool { return len(desk.Node().Replica().Open()) == 2 })
	desk.stop()
	within(t, "the desk is away", func() bool { return len(gate.Node().Mesh().Peers()) == 0 })
	if status, _, page := leave("Astrid Marker", "070-174 06 99"); status != 422 || !strings.Contains(page, "does not reach the reception") {
		t.Error(status, page)
	}
}
