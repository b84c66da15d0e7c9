package main

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/upprop/upprop/node/api"
)

// TestCopiedFolderOnTwoMachines: a node whose folder was copied while it ran
// elsewhere is named by everyone, itself included; what both acknowledge is on
// everyone's list.
//
// It goes by beats that are seconds apart, so it needs the machine to itself:
// make test runs it after all others.
func TestCopiedFolderOnTwoMachines(t *testing.T) {
	if os.Getenv("UPPROP_ALONE") == "" {
		t.Skip("needs the machine to itself: UPPROP_ALONE=1, as make test sets it")
	}
	all := campus(t, "entrance", "warden")
	east := all[1]
	east.orderly()
	copied := &process{t: t, dir: filepath.Join(t.TempDir(), "copy"), logs: east.logs}
	if err := os.CopyFS(copied.dir, os.DirFS(east.dir)); err != nil {
		t.Fatal(err)
	}
	east.start()
	copied.start()
	t.Cleanup(func() { _ = copied.stop(syscall.SIGTERM) })

	for _, at := range append(slices.Clone(all), copied) {
		took := at.await("the copy is noticed", 120*time.Second, func() bool {
			for _, n := range into[[]api.Node](t, "nodes", "--data", at.dir) {
				if slices.Contains(n.Trouble, "cloned") {
					return n.Name == "Node 1"
				}
			}
			return false
		})
		t.Logf("noticed at %s after %s more", filepath.Base(at.dir), took)
	}
	if out, err := upprop(t, "doctor", "--data", all[0].dir, "--json"); err == nil {
		t.Error("doctor finds nothing:", out)
	}
	if _, err := upprop(t, "doctor", "--data", copied.dir); err == nil {
		t.Error("doctor finds nothing at the copy")
	}
	for _, at := range []*process{east, copied} {
		for _, name := range []string{"Astrid", "Bengt"} {
			must1(t, "visit", "in", "--data", at.dir, "--name", name)
		}
	}
	for _, at := range append(slices.Clone(all), copied) {
		took := at.await("everyone of both is listed", 120*time.Second, func() bool { return len(at.listed()) == 4 })
		t.Logf("all four listed after %s", took)
	}
}
