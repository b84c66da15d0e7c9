package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// quantiles reports the median and the 99th percentile in milliseconds.
func quantiles(b *testing.B, name string, ds []time.Duration) {
	b.Helper()
	if len(ds) == 0 {
		b.Fatal("nothing was measured")
	}
	slices.Sort(ds)
	ms := func(q float64) float64 {
		return float64(ds[min(int(q*float64(len(ds))), len(ds)-1)].Microseconds()) / 1000
	}
	b.ReportMetric(ms(0.5), name+"-p50-ms")
	b.ReportMetric(ms(0.99), name+"-p99-ms")
}

func fsyncs(b *testing.B, n int) (out []time.Duration) {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1024)
	for range n {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		out = append(out, time.Since(start))
	}
	return out
}

// BenchmarkVisibleEverywhere measures from the acknowledgement of a check-in
// at one node until it is in the open visits of every node of the campus,
// beside a bare round trip and a bare fsync in the same run.
func BenchmarkVisibleEverywhere(b *testing.B) {
	for _, size := range []int{3, 8, 16} {
		b.Run(fmt.Sprintf("N=%d", size), func(b *testing.B) { visibleEverywhere(b, size) })
	}
}

func visibleEverywhere(b *testing.B, size int) {
	desk := first(b)
	nodes := []*running{desk}
	for i := range size - 1 {
		nodes = append(nodes, desk.joined(fmt.Sprintf("Gate %d", i+1), identity.RoleEntrance))
	}
	eventually(b, "a full mesh", func() bool {
		for _, n := range nodes {
			if len(n.Mesh().Peers()) != size-1 {
				return false
			}
		}
		return true
	})
	ctx := context.Background()
	gate := nodes[1]
	eventually(b, "the gate can seal", func() bool {
		_, err := gate.Visits().CheckIn(ctx, visits.Arrival{Name: "Warm Up"})
		return err == nil
	})
	var pings, seen, acks []time.Duration
	for b.Loop() {
		start := time.Now()
		r, err := gate.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Ek", Company: "Bolaget"})
		if err != nil {
			b.Fatal(err)
		}
		acked := time.Now()
		acks = append(acks, acked.Sub(start))
		var wg sync.WaitGroup
		for _, n := range nodes {
			wg.Go(func() {
				for {
					changed := n.Replica().Changed()
					if p, err := n.Replica().Presence(r.Visit); err == nil && p.Open() {
						return
					}
					<-changed
				}
			})
		}
		wg.Wait()
		seen = append(seen, time.Since(acked))
		d, err := gate.Network().Ping(ctx, desk.key.ID())
		if err != nil {
			b.Fatal(err)
		}
		pings = append(pings, d)
	}
	quantiles(b, "seen", seen)
	quantiles(b, "ack", acks)
	quantiles(b, "ping", pings)
	quantiles(b, "fsync", fsyncs(b, 300))
}

// disks are the disk at hand, and models of slower ones: a consumer SSD that
// really syncs takes a millisecond or two, a memory card ten.
var disks = []struct {
	name string
	sync time.Duration
}{{"disk", 0}, {"sync=1ms", time.Millisecond}, {"sync=10ms", 10 * time.Millisecond}}

// onDisk is a node on a disk with such syncs, and what one fsync of 1 KiB
// takes there.
func onDisk(b *testing.B, sync time.Duration) (*running, float64) {
	b.Helper()
	dir := b.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		b.Fatal(err)
	}
	n := runWith(b, Config{Dir: dir, OpenStore: func(dir string) (store.Store, error) {
		if sync == 0 {
			return store.Open(dir, store.Options{})
		}
		return store.Open(dir, store.Options{FS: store.SlowSyncs(sync)})
	}})
	return n, max(mean(fsyncs(b, 500)), float64(sync))
}

var someArrival = visits.Arrival{Name: "Astrid Ek", Company: "Bolaget", Host: "Sven"}

// BenchmarkCheckIn1 is one kiosk, waiting for each "welcome".
func BenchmarkCheckIn1(b *testing.B) {
	for _, disk := range disks {
		b.Run(disk.name, func(b *testing.B) {
			n, before := onDisk(b, disk.sync)
			var acks []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := n.Visits().CheckIn(context.Background(), someArrival); err != nil {
					b.Fatal(err)
				}
				acks = append(acks, time.Since(start))
			}
			floor := (before + max(mean(fsyncs(b, 500)), float64(disk.sync))) / 2
			quantiles(b, "ack", acks)
			b.ReportMetric(floor/1e6, "fsync-ms")
			b.ReportMetric(mean(acks)/floor, "x-fsync")
		})
	}
}

// BenchmarkCheckIn64 is 64 clients at once against one node.
func BenchmarkCheckIn64(b *testing.B) {
	for _, disk := range disks {
		b.Run(disk.name, func(b *testing.B) {
			n, floor := onDisk(b, disk.sync)
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			b.ResetTimer()
			start := time.Now()
			var done atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := n.Visits().CheckIn(context.Background(), someArrival); err != nil {
						b.Error(err)
						return
					}
					done.Add(1)
				}
			})
			rate := float64(done.Load()) / time.Since(start).Seconds()
			b.ReportMetric(rate, "visits/s")
			b.ReportMetric(1e9/floor, "fsyncs/s")
			b.ReportMetric(rate*floor/1e9, "x-fsync-rate")
		})
	}
}

func mean(ds []time.Duration) float64 {
	var sum time.Duration
	for _, d := range ds {
		sum += d
	}
	return float64(sum) / float64(len(ds))
}

// BenchmarkStart opens a node that holds 30 days of 2,000 visits.
func BenchmarkStart(b *testing.B) {
	dir := filled(b, 30, 2000)
	var before, after runtime.MemStats
	b.ResetTimer()
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		n, err := Open(Config{Dir: dir, Listen: "127.0.0.1:0"})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		if got := len(n.Replica().Open()); got != 30*20 {
			b.Fatalf("%d open visits", got)
		}
		b.ReportMetric(float64(after.HeapInuse-min(before.HeapInuse, after.HeapInuse))/(1<<20), "heap-MiB")
		b.ReportMetric(residentMiB(b), "rss-MiB")
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// filled makes a node's folder with days of visits in it; one in a hundred
// has not left.
func filled(b *testing.B, days, perDay int) string {
	b.Helper()
	dir := b.TempDir()
	now := time.Now().Add(-time.Duration(days) * 24 * time.Hour)
	clock := func() time.Time { return now }
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0", Now: clock}); err != nil {
		b.Fatal(err)
	}
	n, err := Open(Config{Dir: dir, Listen: "127.0.0.1:0", Now: clock})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	for range days {
		now = now.Add(24 * time.Hour)
		var wg sync.WaitGroup
		for w := range 50 {
			wg.Go(func() {
				for i := range perDay / 50 {
					r, err := n.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Astrid Ek", Company: "Bolaget", Host: "Sven"})
					if err == nil && (w*perDay/50+i)%100 != 0 {
						_, err = n.Visits().CheckOut(context.Background(), r.QR, "kiosk")
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	return dir
}

func residentMiB(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int
	if _, err := fmt.Sscan(string(raw), &size, &resident); err != nil {
		return 0
	}
	return float64(resident*os.Getpagesize()) / (1 << 20)
}
