package store

import "testing"

// TestPowerCutWhileOpening cuts the power before each change that opening makes,
// of a new store and of one that holds something: it opens the next time, and
// nothing is missing.
func TestPowerCutWhileOpening(t *testing.T) {
	for _, held := range []bool{false, true} {
		fs := NewCrashFS()
		if held {
			d := mustOpen(t, "store", Options{FS: fs})
			if err := d.Apply(put("a", "1")); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var cuts []*CrashFS
		d := mustOpen(t, "store", Options{FS: fs.Watched(func() {
			for seed := range uint64(8) {
				cuts = append(cuts, fs.Crash(seed))
			}
		})})
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		for i, cut := range cuts {
			d, err := Open("store", Options{FS: cut})
			if err != nil {
				t.Fatalf("cut %d of %d: %v", i, len(cuts), err)
			}
			if _, err := d.Get([]byte("a")); held != (err == nil) {
				t.Fatalf("cut %d of %d: %v", i, len(cuts), err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
