package store

import (
	"slices"
	"sync"
	"time"
)

// Metrics is the state of a Disk in numbers.
type Metrics struct {
	// Fsyncs counts the syncs of the write-ahead log since Open.
	Fsyncs uint64
	// FsyncP50 and FsyncP99 are quantiles of the latest 1,024 of them.
	FsyncP50, FsyncP99 time.Duration
	// DiskBytes is what the store occupies, WALBytes the log's part of it.
	DiskBytes, WALBytes uint64
}

// latency keeps the latest durations. The zero latency is ready for use.
type latency struct {
	mu    sync.Mutex
	count uint64
	ring  [1024]time.Duration
}

func (l *latency) observe(d time.Duration) {
	l.mu.Lock()
	l.ring[l.count%uint64(len(l.ring))] = d
	l.count++
	l.mu.Unlock()
}

func (l *latency) quantiles() (count uint64, p50, p99 time.Duration) {
	l.mu.Lock()
	count = l.count
	recent := slices.Clone(l.ring[:min(count, uint64(len(l.ring)))])
	l.mu.Unlock()
	if len(recent) == 0 {
		return count, 0, 0
	}
	slices.Sort(recent)
	return count, recent[len(recent)/2], recent[len(recent)*99/100]
}

// Metrics measures the store; zero once it is closed.
func (d *Disk) Metrics() Metrics {
	if !d.gate.enter() {
		return Metrics{}
	}
	defer d.gate.leave()
	var m Metrics
	m.Fsyncs, m.FsyncP50, m.FsyncP99 = d.guard.fsyncs.quantiles()
	if d.guard.failure() != nil {
		return m // pebble's own locks may be held for ever
	}
	pm := d.db.Metrics()
	m.DiskBytes, m.WALBytes = pm.DiskSpaceUsage(), pm.WAL.PhysicalSize
	return m
}
