package crdt

import (
	"context"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// manyOnDisk is a node on disk with n visits over 30 dates.
func manyOnDisk(b *testing.B, n int) (*member, *fakeVault) {
	b.Helper()
	c := newTestCampus(b)
	m, vault := &member{name: "east", cfg: c.config("east")}, newFakeVault()
	disk, err := store.Open(b.TempDir(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	m.cfg.Store, m.cfg.Locker = disk, vault
	if m.Replica, err = Open(m.cfg); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close(); _ = disk.Close() })
	var drafts []Draft
	for i := range n {
		d := sealing(someone(i), 1, c.today()+1+record.Day(i%30))
		d.Fresh = true
		if drafts = append(drafts, d); len(drafts) == maxGroup || i == n-1 {
			m.do(b, drafts...)
			drafts = nil
		}
	}
	return m, vault
}

// BenchmarkShredOneAmong60000 is from the act to the receipt: 2,000 visits of
// its date survive.
func BenchmarkShredOneAmong60000(b *testing.B) {
	m, _ := manyOnDisk(b, 60_000)
	var act time.Duration
	n := 0
	for b.Loop() {
		v := someone(n)
		n++
		at := time.Now()
		m.do(b, shredding(byte(n), v))
		act += time.Since(at)
		receipted(b, m, v, m.cfg.Node)
	}
	b.ReportMetric(float64(act.Microseconds())/1000/float64(n), "ms-to-ack")
}

// BenchmarkShred100 is one act on 100 visits of all 30 dates.
func BenchmarkShred100(b *testing.B) {
	m, _ := manyOnDisk(b, 60_000)
	n := 0
	for b.Loop() {
		var visits []record.VisitID
		for range 100 {
			visits = append(visits, someone(n))
			n++
		}
		m.do(b, shredding(1, visits...))
		for _, v := range visits {
			receipted(b, m, v, m.cfg.Node)
		}
	}
}

// BenchmarkSealed10000 reads card and wrapped key of 10,000 visits.
func BenchmarkSealed10000(b *testing.B) {
	m, _ := manyOnDisk(b, 10_000)
	for b.Loop() {
		for i := range 10_000 {
			if _, err := m.Sealed(card(someone(i))); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkCommitLocked1 is BenchmarkCommit1 with the key kept aside, locked.
func BenchmarkCommitLocked1(b *testing.B) {
	m, _ := manyOnDisk(b, 0)
	until := record.DayOf(m.cfg.Now()) + 30
	n := 0
	for b.Loop() {
		n++
		drafts := arrivalDrafts(n)
		drafts[1].Sealed[1].Until = until
		if _, err := m.Commit(context.Background(), drafts...); err != nil {
			b.Fatal(err)
		}
	}
}
