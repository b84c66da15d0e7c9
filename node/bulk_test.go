package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// Many visits are erased by search on every node, and one list says how far all
// erasures have come.
func TestManyAreErasedBySearch(t *testing.T) {
	ctx := context.Background()
	here := first(t)
	south := here.joined("South desk", identity.RoleDesk)
	gate := here.joined("East gate", identity.RoleEntrance)
	eventually(t, "the gate has heard of keys", gate.CanSeal)
	many := 110
	var all []record.VisitID
	for i := range many {
		in, err := gate.Visits().CheckIn(ctx, visits.Arrival{Name: record.Private(fmt.Sprint("Guest Marker ", i)), Type: "event", How: "kiosk"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gate.Visits().CheckOut(ctx, in.Visit.String(), "kiosk"); err != nil {
			t.Fatal(err)
		}
		all = append(all, in.Visit)
	}
	stays, err := here.Visits().CheckIn(ctx, visits.Arrival{Name: "Stays Marker", Type: "event", How: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	one, err := here.Visits().CheckIn(ctx, visits.Arrival{Name: "One Marker", How: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "all are known at the other desk", func() bool {
		f, err := south.Rights().Search(ctx, rights.Query{Type: "event"})
		return err == nil && len(f.Visits) == many && f.Inside == 1
	})
	if _, err := here.Erase(ctx, one.Visit); err != nil {
		t.Fatal(err)
	}
	b, err := south.Rights().As("operator a").Prepare(ctx, rights.Query{Type: "event"}, "the fair is over")
	if err != nil || !b.Second {
		t.Fatal(err)
	}
	began := time.Now()
	if b, err = south.Rights().As("operator b").Confirm(ctx, b.ID, many); err != nil || b.Done != many {
		t.Fatal(b.Done, err)
	}
	for _, r := range []*running{here, south, gate} {
		eventually(t, "all are erased at "+r.Self().Name, func() bool {
			for _, v := range all {
				if !r.Replica().Shredded(v) {
					return false
				}
			}
			return true
		})
		if r.Replica().Shredded(stays.Visit) {
			t.Error("who is inside was erased at", r.Self().Name)
		}
	}
	for _, r := range []*running{here, south} {
		eventually(t, "all receipts are at "+r.Self().Name, func() bool {
			s, err := r.ErasureStatuses()
			return err == nil && len(s) == 2 && s[0].Complete && s[1].Complete && s[0].Visits == many && s[1].Visits == 1 && len(s[0].Receipts) == 3
		})
	}
	t.Logf("%d visits with receipts from 3 nodes: %v", many, time.Since(began))
}
