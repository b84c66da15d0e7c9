package app

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// Who holds somebody's telephone cannot call a search off: "I am safe" does not
// outdo a warden who saw the person wait at a refuge, and a call for help
// stands whatever was said before.
func TestAnAnswerDoesNotOutdoAWarden(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}, HTTP: Off, NoSocket: true})
	got, err := a.node.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Ek"})
	if err != nil {
		t.Fatal(err)
	}
	bell := a.node.Alarm()
	e, err := bell.Start(t.Context(), false, "")
	if err != nil {
		t.Fatal(err)
	}
	says := func(state record.Mark, once byte) record.Verdict {
		t.Helper()
		l := record.Link{Visit: got.Visit, Start: e.ID}
		if err := (sayer{alarm: bell}).Mark(t.Context(), l, string(state), "", "reply", [16]byte{once}); err != nil {
			t.Fatal(err)
		}
		p, err := a.node.Replica().Presence(got.Visit)
		if err != nil {
			t.Fatal(err)
		}
		return p.Verdict(e)
	}
	if v := says(record.Safe, 1); v.Mark != record.Safe || v.Disputed {
		t.Errorf("nobody has said otherwise: %+v", v)
	}
	if v := says(record.Refuge, 2); v.Mark != record.Refuge || v.Disputed {
		t.Errorf("a call for help: %+v", v)
	}
	code := record.Code{Badge: got.Visit.Badge(), Visit: got.Visit}
	if _, err := bell.Mark(t.Context(), alarm.MarkRequest{Code: code, Mark: record.Refuge, How: "screen"}); err != nil {
		t.Fatal(err)
	}
	if v := says(record.Safe, 3); v.Mark != record.Refuge || !v.Disputed {
		t.Errorf("a warden saw them at a refuge: %+v", v)
	}
}
