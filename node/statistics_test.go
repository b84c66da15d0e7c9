package node

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// TestStatisticsOfAnErasedDay: a desk counts who came when the day is over, also
// who has been erased since.
func TestStatisticsOfAnErasedDay(t *testing.T) {
	dir := t.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Site: "North", Name: "Reception", Role: identity.RoleDesk, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	var ahead atomic.Int64
	n := runWith(t, Config{Dir: dir, Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	var ids []record.VisitID
	for i := range 6 {
		got, err := n.Visits().CheckIn(t.Context(), visits.Arrival{Name: record.Private(fmt.Sprint("Marker ", i)), Type: "visitor"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, got.Visit)
	}
	if _, err := n.Erase(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := n.Statistics().Count(); err != nil {
		t.Fatal(err)
	}
	if r := n.Statistics().Report("", "", ""); r.All.Arrivals != 0 || r.All.Few != 0 {
		t.Fatalf("a day that is not over: %+v", r)
	}
	ahead.Store(int64(25 * time.Hour))
	if err := n.Statistics().Count(); err != nil {
		t.Fatal(err)
	}
	if r := n.Statistics().Report("", "", "North"); r.All.Arrivals != 6 || len(r.Days) != 1 || len(r.Kinds) != 1 {
		t.Fatalf("%+v", r)
	}
}
