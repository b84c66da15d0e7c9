package office_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/calls"
	"github.com/upprop/upprop/node/operators"
)

func TestCallsForHelp(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	desk := h.operator("desk", operators.Reception)
	h.operator("eye", operators.Auditor)
	r := h.reader()
	r.login("desk")
	r.is(200, "/desk", "!Help is asked for")
	if err := h.node.Calls().Ring(); err != nil {
		t.Fatal(err)
	}
	if got := h.node.Calls().Own().State; got != calls.Waiting {
		t.Error("no screen shows it, and it is", got)
	}
	// A page that is open shows it, which the door is told.
	res, err := r.client.Get(h.url + "/desk/calls?lang=en")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), "Help is asked for: Hus A, Receptionen") {
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if got := h.node.Calls().Own().State; got != calls.Shown {
		t.Error("a screen shows it, and it is", got)
	}
	_ = res.Body.Close()
	for _, page := range []string{"/desk", "/desk/expected", "/desk/new"} {
		r.get(page).is(200, page, "Help is asked for: Hus A, Receptionen", "I am coming")
	}
	id := h.node.Calls().Calls()[0].ID
	eye := h.reader()
	eye.login("eye")
	eye.is(200, "/desk", "Help is asked for", "!I am coming")
	eye.post("/desk/calls/"+id, "do=coming").is(http.StatusForbidden, "/desk/calls/"+id)
	r.post("/desk/calls/"+id, "do=shown").is(400, "/desk/calls/"+id)
	r.post("/desk/calls/"+id, "do=coming").is(200, "/desk", "On the way:", "desk", "!I am coming")
	r.post("/desk/calls/"+id, "do=done").is(200, "/desk", "!Help is asked for")
	r.post("/desk/calls/"+id, "do=coming").is(200, "/desk") // somebody else was quicker
	h.recorded("call.coming", desk.ID.By())
	h.recorded("call.done", desk.ID.By())
	if got := h.node.Calls().Own().State; got != calls.Done {
		t.Error(got)
	}
}
