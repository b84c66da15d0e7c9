package crdt

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// BenchmarkFsync is the physical floor: 1 KiB appended and synced on the disk
// that the other benchmarks write to.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1024)
	for b.Loop() {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

func onDisk(b *testing.B) *member {
	b.Helper()
	m := newTestCampus(b).node("east")
	_ = m.Close()
	disk, err := store.Open(b.TempDir(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	m.cfg.Store = disk
	r, err := Open(m.cfg)
	if err != nil {
		b.Fatal(err)
	}
	m.Replica = r
	b.Cleanup(func() { _ = r.Close(); _ = disk.Close() })
	return m
}

func arrivalDrafts(n int) []Draft {
	v := someone(n)
	box := make([]byte, 150)
	return []Draft{
		{Event: &record.Event{Kind: record.Arrived, Visit: v, Place: record.Place{Site: "North", Entrance: "East"}}},
		{Fresh: true, Sealed: []record.SealedEntry{
			{Kind: record.PartPut, Visit: v, Audience: record.CardAudience, Version: 1, Box: box},
			{Kind: record.KeyPut, Visit: v, Audience: record.CardAudience, Version: 1, Box: box[:80]},
		}},
	}
}

// BenchmarkCommit1 is one client that waits for each arrival to be durable.
func BenchmarkCommit1(b *testing.B) {
	m := onDisk(b)
	n := 0
	for b.Loop() {
		n++
		if _, err := m.Commit(context.Background(), arrivalDrafts(n)...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit64 is 64 clients at once.
func BenchmarkCommit64(b *testing.B) {
	m := onDisk(b)
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := m.Commit(context.Background(), arrivalDrafts(int(n.Add(1)))...); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
