package access

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

func TestWhoSeesNames(t *testing.T) {
	none := record.Evacuations(nil)
	real := record.Evacuations{{ID: record.EvacID{1}, At: 1}}
	drill := record.Evacuations{{ID: record.EvacID{1}, At: 1, Drill: true}}
	north := record.Evacuations{{ID: record.EvacID{1}, At: 1, Site: "North"}}
	two := record.Evacuations{{ID: record.EvacID{1}, At: 1, Site: "North"}, {ID: record.EvacID{2}, At: 2, Site: "South", Drill: true}}
	over := record.Evacuations{{ID: record.EvacID{1}, At: 1, Ended: 2}}
	for _, c := range []struct {
		role                   identity.Role
		what                   string
		all                    record.Evacuations
		north, south, nowhere  bool
		dossiers, waits, cause bool
	}{
		{identity.RoleDesk, "at rest", none, true, true, true, true, false, false},
		{identity.RoleDesk, "alarm", real, true, true, true, true, false, false},
		{identity.RoleDesk, "alarm elsewhere", north, true, true, true, true, false, false},
		{identity.RoleWarden, "at rest", none, false, false, false, false, true, false},
		{identity.RoleWarden, "over", over, false, false, false, false, true, false},
		{identity.RoleWarden, "alarm", real, true, true, true, false, true, true},
		{identity.RoleWarden, "drill", drill, true, true, true, false, true, true},
		{identity.RoleWarden, "alarm at one site", north, true, false, true, false, true, true},
		{identity.RoleWarden, "at both sites", two, true, true, true, false, true, true},
		{identity.RoleEntrance, "at rest", none, false, false, false, false, false, false},
		{identity.RoleEntrance, "alarm", real, false, false, false, false, false, false},
		{identity.RoleRelay, "at rest", none, false, false, false, false, false, false},
		{identity.RoleRelay, "alarm", real, false, false, false, false, false, false},
		{"of a newer release", "alarm", real, false, false, false, false, false, false},
		{"", "alarm", real, false, false, false, false, false, false},
	} {
		s := Sees(c.role, c.all)
		if s.Card("North") != c.north || s.Card("South") != c.south || s.Card("") != c.nowhere || s.Dossiers != c.dossiers || s.Waits != c.waits || s.Evacuation.IsZero() == c.cause {
			t.Errorf("%q, %s: %+v", c.role, c.what, s)
		}
	}
}
