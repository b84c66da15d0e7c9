package store

import "testing"

// A store in a folder that had to be made, with folders above it, is there
// after a power cut with all that was waited for.
func TestNewFolderSurvivesAPowerCut(t *testing.T) {
	for seed := range uint64(50) {
		for _, dir := range []string{"/db", "/var/lib/upprop/db", "lib/upprop/db"} {
			fs := NewCrashFS()
			d := mustOpen(t, dir, Options{FS: fs})
			if err := d.Apply(put("visit", "here")); err != nil {
				t.Fatal(err)
			}
			after := mustOpen(t, dir, Options{FS: fs.Crash(seed)})
			if v, err := after.Get([]byte("visit")); err != nil || string(v) != "here" {
				t.Fatalf("seed %d: %s after a power cut: %q, %v", seed, dir, v, err)
			}
			if err := after.Close(); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
