package visits

import (
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// Who may be on the watch list is taken in like all others, with that in the
// dossier; where an entry asks for it they wait, and their host is not told.
func TestWhoIsWatchedIsTakenIn(t *testing.T) {
	d := newHouse(t).door("East")
	var quiet []bool
	d.Service.cfg.Announce = func(_ record.VisitID, a Arrival) func(bool) {
		quiet = append(quiet, a.Waits())
		return func(bool) {}
	}
	var asked []record.Private
	d.Service.cfg.Watch = func(a Arrival) []record.Match {
		asked = append(asked, a.Name)
		switch a.Name {
		case "Gunnar Ek":
			return []record.Match{{Entry: "e", By: "name"}, {Entry: "f", By: "phone", Wait: true}}
		case "Bo Ek":
			return []record.Match{{Entry: "e", By: "name"}}
		}
		return nil
	}
	for _, c := range []struct {
		name record.Private
		wait bool
		met  int
	}{{"Gunnar Ek", true, 2}, {"Bo Ek", false, 1}, {"Eva Ek", false, 0}} {
		got := d.in(Arrival{Name: c.name, Host: "sven@example.org"})
		x, err := d.Dossier(got.Visit)
		if got.Wait != c.wait || err != nil || len(x.Matches) != c.met {
			t.Errorf("%d matches, waits %v, %v", len(x.Matches), got.Wait, err)
		}
		if p, err := d.replica.Presence(got.Visit); err != nil || p.State != record.Present {
			t.Error("not inside:", err)
		}
	}
	// Who comes with somebody is compared too, and a group waits together.
	group, err := d.CheckInGroup(t.Context(), Arrival{Name: "Astrid Ek"}, []record.Private{"Eva Ek", "Gunnar Ek"})
	if err != nil || len(group) != 3 || !group[0].Wait || !group[1].Wait || !group[2].Wait {
		t.Fatal(group, err)
	}
	if x, err := d.Dossier(group[2].Visit); err != nil || len(x.Matches) != 2 {
		t.Error("one of a group is not compared", err)
	}
	if !slices.Equal(quiet, []bool{true, false, false, true}) || len(asked) != 6 {
		t.Error("whose host is told:", quiet, len(asked))
	}
}
