package node

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// The day of the last drill is kept for longer than its start is, and known at
// every node, also where no setting may be edited.
func TestLastDrillIsKept(t *testing.T) {
	one := first(t)
	gate := one.joined("East gate", identity.RoleEntrance)
	if _, known := gate.LastDrill(); known || gate.DrillEvery() != 365 || gate.Founded().IsZero() {
		t.Fatal("a drill is known that nobody has begun")
	}
	if _, err := one.Alarm().Start(t.Context(), false, ""); err != nil {
		t.Fatal(err)
	}
	if err := one.keepDrill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, known := one.LastDrill(); known {
		t.Fatal("a real alarm is taken for a drill")
	}
	if _, err := one.Alarm().End(t.Context(), "over"); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Alarm().Start(t.Context(), true, ""); err != nil {
		t.Fatal(err)
	}
	if err := one.keepDrill(t.Context()); err != nil {
		t.Fatal(err)
	}
	today := record.DayOf(one.cfg.Now())
	eventually(t, "the day is known at the gate, as a setting", func() bool {
		s, ok := gate.replica.Setting(settingDrillLast)
		d, known := gate.LastDrill()
		return ok && s.Value.String() == d.String() && known && d <= today && d >= today-1
	})
	if err := gate.keepDrill(t.Context()); err != nil {
		t.Error("an entrance tries to edit settings:", err)
	}
	if err := one.EditSetting(t.Context(), "", DrillEverySetting, "90"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "how often is known at the gate", func() bool { return gate.DrillEvery() == 90 })
}
