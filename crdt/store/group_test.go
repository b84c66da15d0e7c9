package store

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestGroupCommit has 64 writers share syncs that take a millisecond each.
func TestGroupCommit(t *testing.T) {
	var n atomic.Int32
	count := errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			if strings.HasSuffix(op.Path, ".log") {
				n.Add(1)
				block := time.NewTimer(time.Millisecond)
				<-block.C
			}
		}
		return nil
	})
	d := mustOpen(t, "store", Options{FS: errorfs.Wrap(NewCrashFS(), count)})
	const writers, rounds = 64, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				if err := d.Apply(put(fmt.Sprintf("%d.%d", w, i), "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d durable writes in %d syncs", writers*rounds, n.Load())
	if n.Load() > writers*rounds/8 {
		t.Errorf("%d syncs for %d writes, want at most an eighth", n.Load(), writers*rounds)
	}
	if m := d.Metrics(); m.Fsyncs != uint64(n.Load()) || m.FsyncP50 < time.Millisecond || m.FsyncP99 < m.FsyncP50 || m.DiskBytes == 0 {
		t.Errorf("metrics %+v do not agree with %d syncs of a millisecond", m, n.Load())
	}
}

const benchValue = 1 << 10

// BenchmarkFsync is the floor: one raw append and sync on the same disk.
func BenchmarkFsync(b *testing.B) {
	f, err := vfs.Default.Create(filepath.Join(b.TempDir(), "raw"), vfs.WriteCategoryUnspecified)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, benchValue)
	for b.Loop() {
		if _, err := f.Write(buf); err != nil {
			b.Fatal(err)
		}
		if err := f.SyncData(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply1(b *testing.B) {
	d := mustOpen(b, filepath.Join(b.TempDir(), "store"), Options{})
	val := strings.Repeat("x", benchValue)
	i := 0
	for b.Loop() {
		i++
		if err := d.Apply(put(fmt.Sprintf("%09d", i), val)); err != nil {
			b.Fatal(err)
		}
	}
	report(b, d)
}

func BenchmarkApply64(b *testing.B) {
	d := mustOpen(b, filepath.Join(b.TempDir(), "store"), Options{})
	val := strings.Repeat("x", benchValue)
	var n atomic.Int64
	b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := d.Apply(put(fmt.Sprintf("%09d", n.Add(1)), val)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	report(b, d)
}

func report(b *testing.B, d *Disk) {
	m := d.Metrics()
	b.ReportMetric(float64(m.Fsyncs)/float64(b.N), "fsyncs/op")
	b.ReportMetric(float64(m.FsyncP99.Microseconds()), "fsync-p99-µs")
}
