// Package storetest holds the behaviour that every [store.Store] must show,
// as one suite that the disk, the crashable disk and memory all run. It is not
// a mock.
package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/store"
)

// Rig is one place where a store lives.
type Rig struct {
	// Open opens the store that lives here, after the one opened before has
	// been closed or has crashed.
	Open func(t testing.TB) store.Store
	// Crash cuts the power under the open store; the next Open finds what is
	// left. Nil where no cut can be staged.
	Crash func(t testing.TB)
}

// Run runs the suite; rig makes a new, empty place each time.
func Run(t *testing.T, rig func(t testing.TB) Rig) {
	for name, test := range map[string]func(*testing.T, Rig){
		"get and delete":           testGet,
		"scans are ordered":        testScan,
		"scan sees one moment":     testScanMoment,
		"scan ends on error":       testScanStop,
		"range delete":             testDeleteRange,
		"visible after write":      testVisible,
		"last change in batch":     testBatchOrder,
		"batch is the caller's":    testBatchReuse,
		"reopen keeps all":         testReopen,
		"close twice, then closed": testClosed,
		"bad keys":                 testBadKey,
		"concurrent writers":       testConcurrent,
	} {
		t.Run(name, func(t *testing.T) { test(t, rig(t)) })
	}
	t.Run("random work against a model", func(t *testing.T) { testModel(t, rig) })
	if rig(t).Crash != nil {
		t.Run("crash keeps what was waited for", func(t *testing.T) { testCrash(t, rig) })
		t.Run("crash under concurrent writers", func(t *testing.T) { testCrashConcurrent(t, rig(t)) })
	}
}

func open(t testing.TB, r Rig) store.Store {
	t.Helper()
	s := r.Open(t)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func set(t testing.TB, s store.Store, kv ...string) {
	t.Helper()
	var b store.Batch
	for i := 0; i < len(kv); i += 2 {
		b.Set([]byte(kv[i]), []byte(kv[i+1]))
	}
	if err := s.Apply(&b); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

func want(t testing.TB, s store.Store, key, value string) {
	t.Helper()
	v, err := s.Get([]byte(key))
	if err != nil || string(v) != value {
		t.Fatalf("get %q = %q, %v; want %q", key, v, err, value)
	}
}

func wantNone(t testing.TB, s store.Store, key string) {
	t.Helper()
	if v, err := s.Get([]byte(key)); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("get %q = %q, %v; want ErrNotFound", key, v, err)
	}
}

type scanner func(lo, hi []byte, fn func(k, v []byte) error) error

func list(t testing.TB, scan scanner, lo, hi []byte) []string {
	t.Helper()
	var got []string
	err := scan(lo, hi, func(k, v []byte) error {
		got = append(got, fmt.Sprintf("%s=%s", k, v))
		return nil
	})
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	return got
}

func wantList(t testing.TB, s store.Store, lo, hi []byte, entries ...string) {
	t.Helper()
	if got := list(t, s.Scan, lo, hi); !slices.Equal(got, entries) {
		t.Fatalf("scan [%q, %q) = %q, want %q", lo, hi, got, entries)
	}
	slices.Reverse(entries)
	if got := list(t, s.ScanBack, lo, hi); !slices.Equal(got, entries) {
		t.Fatalf("scan back [%q, %q) = %q, want %q", lo, hi, got, entries)
	}
}
