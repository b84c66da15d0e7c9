package privacy

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/terms"
)

// A visit that was stamped by a clock from long before is kept as long as its
// key says where the terms ask for nothing shorter, and no longer where they do.
func TestAWrongStampMakesNothingOver(t *testing.T) {
	const today, until = record.Day(20800), record.Day(20825)
	k := KeyRecord{Visit: record.VisitID{1}, Audience: record.CardAudience, Until: until, Wrap: make([]byte, nobodySize+1)}
	plan := func(keep record.Day, last record.Day) []Work {
		return Plan([]KeyRecord{k}, identity.RoleDesk, today, true, func(record.Day) record.Day { return until }, func(KeyRecord) bool { return false },
			func(record.VisitID) Stand {
				return Stand{Last: last, Keep: terms.Days{Card: keep, Contact: keep}}
			})
	}
	for _, last := range []record.Day{400, today - 5} {
		if got := plan(terms.Most, last); len(got) != 0 {
			t.Errorf("last seen on %v, nothing was shortened: %+v", last, got)
		}
	}
	for _, last := range []record.Day{400, until - terms.Most} {
		if got := plan(7, last); len(got) != 1 || got[0].Until.Card != until-terms.Most+7 {
			t.Errorf("last seen on %v, kept for seven days: %+v", last, got)
		}
	}
}
