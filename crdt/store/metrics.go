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
	// FsyncTime is how long all of them took together; FsyncWithin counts, by
	// FsyncBounds, those that took no longer.
	FsyncTime   time.Duration
	FsyncWithin [len(FsyncBounds)]uint64
	// DiskBytes is what the store occupies, WALBytes the log's part of it.
	DiskBytes, WALBytes uint64
	// FreeBytes is what is free on its disk, by a measurement at most a second
	// old; below FloorBytes a Write is refused with ErrFull. Both are zero
	// where that cannot be measured.
	FreeBytes, FloorBytes uint64
}

// FsyncBounds are the upper bounds of the histogram of syncs.
var FsyncBounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond,
}

// latency keeps the latest durations, and counts all. The zero latency is
// ready for use.
type latency struct {
	mu     sync.Mutex
	count  uint64
	total  time.Duration
	within [len(FsyncBounds)]uint64
	ring   [1024]time.Duration
}

func (l *latency) observe(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring[l.count%uint64(len(l.ring))] = d
	l.count++
	l.total += d
	for i, bound := range FsyncBounds {
		if d <= bound {
			l.within[i]++
		}
	}
}

func (l *latency) measure(m *Metrics) {
	l.mu.Lock()
	m.Fsyncs, m.FsyncTime, m.FsyncWithin = l.count, l.total, l.within
	recent := slices.Clone(l.ring[:min(l.count, uint64(len(l.ring)))])
	l.mu.Unlock()
	if len(recent) == 0 {
		return
	}
	slices.Sort(recent)
	m.FsyncP50, m.FsyncP99 = recent[len(recent)/2], recent[len(recent)*99/100]
}

// Metrics measures the store; zero once it is closed.
func (d *Disk) Metrics() Metrics {
	if !d.gate.enter() {
		return Metrics{}
	}
	defer d.gate.leave()
	var m Metrics
	d.guard.fsyncs.measure(&m)
	m.FreeBytes, m.FloorBytes = d.space.free()
	if d.guard.failure() != nil {
		return m // pebble's own locks may be held for ever
	}
	pm := d.db.Metrics()
	m.DiskBytes, m.WALBytes = pm.DiskSpaceUsage(), pm.WAL.PhysicalSize
	return m
}

// free is what is free and where writes end; zeros where it is not known.
func (s *space) free() (avail, floor uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now().Sub(s.at) >= spaceAge && s.measure() != nil || !s.known {
		return 0, 0
	}
	return s.avail, s.floor
}
