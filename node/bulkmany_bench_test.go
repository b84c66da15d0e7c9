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

// BenchmarkEraseThousand erases 1,000 visits found by search at eight nodes, until
// the desk that ordered it has the receipts of all. The floor asked for is 30 s.
func BenchmarkEraseThousand(b *testing.B) {
	ctx := context.Background()
	here := first(b)
	for i := range 7 {
		role := []identity.Role{identity.RoleDesk, identity.RoleEntrance, identity.RoleRelay}[i%3]
		here.joined(fmt.Sprint("Node ", i), role)
	}
	var took []time.Duration
	for round := 0; b.Loop(); round++ {
		kind := fmt.Sprint("round-", round)
		for range 1000 {
			in, err := here.Visits().CheckIn(ctx, visits.Arrival{Name: record.Private("Guest"), Type: kind, How: "desk"})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := here.Visits().CheckOut(ctx, in.Visit.String(), "desk"); err != nil {
				b.Fatal(err)
			}
		}
		bulk, err := here.Rights().As("operator a").Prepare(ctx, rights.Query{Type: kind}, "over")
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if _, err = here.Rights().As("operator b").Confirm(ctx, bulk.ID, 1000); err != nil {
			b.Fatal(err)
		}
		for done := false; !done; time.Sleep(20 * time.Millisecond) {
			s, err := here.ErasureStatuses()
			done = err == nil && s[0].Complete && s[0].Visits == 1000 && len(s[0].Receipts) == 8
			if !done && time.Since(began) > 2*time.Minute {
				b.Fatal("never: all receipts are here")
			}
		}
		took = append(took, time.Since(began))
	}
	quantiles(b, "all-receipts", took)
}
