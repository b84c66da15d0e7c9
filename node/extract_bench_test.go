package node

import (
	"context"
	"runtime"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/rights"
)

// BenchmarkExtract makes the register extract of one person among 60,000 visits,
// each with an act on record, at one desk; and finds whom one host received among
// them, for which every card is opened. The floor asked for is 10 s.
func BenchmarkExtract(b *testing.B) {
	dir := filled(b, 30, 2000)
	n := run(b, dir)
	ctx := context.Background()
	var all []record.VisitID
	if err := n.Replica().Visits(func(p record.Presence) error { all = append(all, p.Visit); return nil }); err != nil {
		b.Fatal(err)
	}
	if len(all) != 60_000 {
		b.Fatal(len(all), "visits")
	}
	for at := 0; at < len(all); at += 50 {
		var acts []record.Act
		for _, v := range all[at : at+50] {
			acts = append(acts, record.Act{Kind: record.ActAudit, What: "visit.in", By: "operator x", Visits: []record.VisitID{v}})
		}
		if err := (register{n.replica}).Act(ctx, acts); err != nil {
			b.Fatal(err)
		}
	}
	eventually(b, "names are shown", func() bool { ok, _ := n.Names(); return ok })
	var one record.VisitID
	for _, p := range n.Replica().Open() {
		if c, _, err := n.Visits().ForSubject(p.Visit); err == nil && c.Name != "" {
			one = p.Visit
		}
	}
	peak := func(b *testing.B, before uint64) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(max(m.HeapSys, before)-before)/(1<<20), "heap-growth-MiB")
	}
	b.Run("extract", func(b *testing.B) {
		b.ReportAllocs()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		for b.Loop() {
			x, err := n.Rights().Export(ctx, one, "json")
			if err != nil || x.Particulars.Name == "" {
				b.Fatal(x.Particulars.Status, err)
			}
		}
		peak(b, m.HeapSys)
	})
	b.Run("search", func(b *testing.B) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		for b.Loop() {
			if _, err := n.Rights().Search(ctx, rights.Query{Host: "Nobody"}); err != nil {
				b.Fatal(err)
			}
		}
		peak(b, m.HeapSys)
	})
}
