package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// inside is how many are inside in what follows.
const inside = 10_000

// filledNow checks people in at a node, many at once, and returns their visits.
func filledNow(b *testing.B, n *running, people int) []record.VisitID {
	b.Helper()
	eventually(b, "it can seal", func() bool {
		_, err := n.Visits().CheckIn(context.Background(), someArrival)
		return err == nil
	})
	var mu sync.Mutex
	var all []record.VisitID
	var wg sync.WaitGroup
	const at = 50
	for range at {
		wg.Go(func() {
			for range people / at {
				r, err := n.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Astrid Ek", Company: "Bolaget", Host: "Sven"})
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				all = append(all, r.Visit)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(all) != people {
		b.Fatalf("%d of %d are inside", len(all), people)
	}
	return all
}

func markSafe(b *testing.B, n *running, v record.VisitID) {
	b.Helper()
	_, err := n.Alarm().Mark(context.Background(), alarm.MarkRequest{
		Code: record.Code{Visit: v, Badge: v.Badge()}, Mark: record.Safe, Point: "Car park", How: "screen",
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMark10000 is one warden, waiting for each tick to turn, with 10,000
// people on the list. It must take 3 × an fsync at most.
func BenchmarkMark10000(b *testing.B) {
	for _, disk := range disks {
		b.Run(disk.name, func(b *testing.B) {
			n, _ := onDisk(b, disk.sync)
			all := filledNow(b, n, inside)
			if _, err := n.Alarm().Start(context.Background(), false, ""); err != nil {
				b.Fatal(err)
			}
			f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			// One fsync after each mark: whatever else the machine does, it does to both.
			var acks, floor []time.Duration
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				markSafe(b, n, all[i%len(all)])
				acks = append(acks, time.Since(start))
				start = time.Now()
				if _, err := f.Write(make([]byte, 1024)); err != nil {
					b.Fatal(err)
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
				floor = append(floor, max(time.Since(start), disk.sync))
			}
			b.StopTimer()
			b.ReportMetric(mean(acks)/mean(floor), "x-fsync")
			quantiles(b, "ack", acks)
			quantiles(b, "fsync", floor)
			b.ReportMetric(float64(acks[len(acks)/2])/float64(floor[len(floor)/2]), "x-fsync-p50")
		})
	}
}

// processorTime is what this process has used of processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMarkVisible10000 measures from the moment in which a warden marks
// until the mark stands on every node of eight, with 10,000 people inside. It
// must take 50 ms at most for 99 of 100.
func BenchmarkMarkVisible10000(b *testing.B) {
	const size = 8
	desk := first(b)
	nodes := []*running{desk}
	for i := range size - 1 {
		role := identity.RoleEntrance
		if i%2 == 0 {
			role = identity.RoleWarden
		}
		nodes = append(nodes, desk.joined(fmt.Sprintf("Node %d", i+1), role))
	}
	eventually(b, "a full mesh", func() bool {
		for _, n := range nodes {
			if len(n.Mesh().Peers()) != size-1 {
				return false
			}
		}
		return true
	})
	all := filledNow(b, desk, inside)
	evac, err := desk.Alarm().Start(context.Background(), false, "")
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range nodes {
		for end := time.Now().Add(2 * time.Minute); len(n.Replica().Open()) < inside; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				b.Fatalf("%d people are known at %s", len(n.Replica().Open()), n.Self().Name)
			}
		}
		eventually(b, "the alarm is heard", func() bool { _, on := n.Alarm().Running(""); return on })
	}
	runtime.GC()
	warden := nodes[1]
	var pings, seen, acks []time.Duration
	used := processorTime(b)
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		v := all[i%len(all)]
		before := 0
		if p, err := warden.Replica().Presence(v); err == nil {
			before = len(p.Marks)
		}
		start := time.Now()
		var wg sync.WaitGroup
		for _, n := range nodes {
			wg.Go(func() {
				for {
					changed := n.Replica().Changed()
					p, err := n.Replica().Presence(v)
					if err == nil && len(p.Marks) > before && p.Verdict(evac).Mark == record.Safe {
						return
					}
					<-changed
				}
			})
		}
		markSafe(b, warden, v)
		acks = append(acks, time.Since(start))
		wg.Wait()
		seen = append(seen, time.Since(start))
		d, err := warden.Network().Ping(context.Background(), desk.key.ID())
		if err != nil {
			b.Fatal(err)
		}
		pings = append(pings, d)
	}
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-used).Microseconds())/1000/float64(len(seen)), "cpu-ms-of-8")
	quantiles(b, "seen", seen)
	quantiles(b, "ack", acks)
	quantiles(b, "ping", pings)
	quantiles(b, "fsync", fsyncs(b, 300))
}
