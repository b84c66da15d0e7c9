package app

import (
	"log/slog"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// What the news of entrances was worth is let go of on a node that runs for
// months, and not at its start alone.
func TestTheCourseIsForgottenDaily(t *testing.T) {
	now := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	a := &App{store: store.NewMem(1), now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler)}
	kept := func() (n int) {
		lo, hi := store.Prefix(prefixCourse)
		if err := a.store.Scan(lo, hi, func(_, _ []byte) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var b store.Batch
	for day := range 3 {
		b.Set(courseKey(now.Add(-courseKept+time.Hour).AddDate(0, 0, day), record.NodeID{1}), []byte("{}"))
	}
	if err := a.store.Apply(&b); err != nil {
		t.Fatal(err)
	}
	var w watching
	for _, x := range []struct {
		after time.Duration
		want  int
	}{{0, 3}, {2 * time.Hour, 3}, {24 * time.Hour, 2}, {26 * time.Hour, 2}, {48 * time.Hour, 1}, {72 * time.Hour, 0}} {
		start := now
		now = now.Add(x.after)
		a.forgetDaily(&w)
		if n := kept(); n != x.want {
			t.Errorf("%v later %d are kept, want %d", x.after, n, x.want)
		}
		now = start
	}
	// A clock that is put back by years does not keep it waiting for as long.
	w.forgot = now.AddDate(9, 0, 0)
	if a.forgetDaily(&w); !w.forgot.Equal(now) {
		t.Error(w.forgot)
	}
}
