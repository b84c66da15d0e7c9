package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func mustOpen(t testing.TB, dir string, opts Options) *Disk {
	t.Helper()
	d, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func put(key, value string) *Batch {
	var b Batch
	b.Set([]byte(key), []byte(value))
	return &b
}

func TestLocked(t *testing.T) {
	for name, fs := range map[string]FS{"disk": nil, "memory": NewCrashFS()} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := mustOpen(t, dir, Options{FS: fs})
			if _, err := Open(dir, Options{FS: fs}); !errors.Is(err, ErrLocked) {
				t.Fatalf("second open: %v, want ErrLocked", err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			mustOpen(t, dir, Options{FS: fs})
		})
	}
}

// TestKilled kills a process in the middle of writing: whatever it said it had
// saved is there, and its lock is gone. While it lives, the folder is locked.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_WRITER"); dir != "" {
		d := mustOpen(t, dir, Options{})
		for i := 1; ; i++ {
			if err := d.Apply(put("n", fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
			fmt.Printf("saved %d\n", i)
		}
	}
	dir := t.TempDir() + "/store"
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "STORE_TEST_WRITER="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	saved := 0
	for saved < 200 {
		if _, err := fmt.Fscanf(out, "saved %d\n", &saved); err != nil {
			t.Fatal(err)
		}
	}
	_, err = Open(dir, Options{})
	if !errors.Is(err, ErrLocked) {
		t.Errorf("open beside another process: %v, want ErrLocked", err)
	}
	if want := fmt.Sprintf("(process %d", cmd.Process.Pid); err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
		t.Errorf("%q does not name the process: %s", err, want)
	}
	// The try has not taken the lock away from who holds it.
	if c, err := Inspect(dir); err != nil || c.Holder != cmd.Process.Pid || c.HolderRuns > time.Minute {
		t.Errorf("%+v, %v", c, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := fmt.Fscanf(out, "saved %d\n", &saved); err != nil {
			break
		}
	}
	_ = cmd.Wait()
	v, err := mustOpen(t, dir, Options{}).Get([]byte("n"))
	var got int
	_, _ = fmt.Sscan(string(v), &got)
	if err != nil || got < saved {
		t.Fatalf("after the kill: %q, %v; %d had been saved", v, err, saved)
	}
}

// TestOpenedIsDurable shows that what is there after Open survives a power
// cut, also when the process before was killed between writing and syncing, so
// that a reader may act on it at once.
func TestOpenedIsDurable(t *testing.T) {
	fs := NewCrashFS()
	stuck := make(chan struct{})
	defer close(stuck)
	reached := make(chan struct{}, 64)
	var armed atomic.Bool
	hang := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && op.Kind == errorfs.OpFileSyncData {
			reached <- struct{}{}
			<-stuck
			return syscall.EIO
		}
		return nil
	})
	d, err := Open("store", Options{FS: errorfs.Wrap(fs, hang)})
	if err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	if _, err := d.Write(put("a", "1")); err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := d.guard.unlock(); err != nil { // as the death of a process does
		t.Fatal(err)
	}
	next := mustOpen(t, "store", Options{FS: fs})
	if v, err := next.Get([]byte("a")); err != nil || string(v) != "1" {
		t.Fatalf("after the kill: %q, %v", v, err)
	}
	for seed := range uint64(10) {
		after := fs.Crash(seed)
		if v, err := mustOpen(t, "store", Options{FS: after}).Get([]byte("a")); err != nil || string(v) != "1" {
			t.Fatalf("seen after the kill, but gone after the power cut: %q, %v", v, err)
		}
	}
}

func snapshotDir(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(p)
		out = append(out, fmt.Sprintf("%s %v %x", p, info.ModTime(), raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNewer(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir, Options{})
	if err := errors.Join(d.Apply(put("a", "1")), d.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, formatFile)
	if err := os.WriteFile(file, fmt.Appendf(nil, "%d\n", format+1), 0o600); err != nil {
		t.Fatal(err)
	}
	before := snapshotDir(t, dir)
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrNewer) {
		t.Fatalf("open of a newer folder: %v, want ErrNewer", err)
	}
	if after := snapshotDir(t, dir); !slices.Equal(before, after) {
		t.Fatal("a newer folder was touched")
	}
	for _, damage := range []string{"", "x\n", "0\n", "-1\n", "1 1\n"} {
		if err := os.WriteFile(file, []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Options{}); err == nil || errors.Is(err, ErrNewer) {
			t.Fatalf("open with format %q: %v, want another error", damage, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "FORMAT is missing") {
		t.Fatalf("open without format: %v, want an error that says so", err)
	}
}

func TestFull(t *testing.T) {
	fs := NewCrashFS()
	fs.SetFree(100<<20, 4<<30) // 1 % of it is 40 MB
	d := mustOpen(t, "store", Options{FS: fs})
	if err := d.Apply(put("a", "1")); err != nil {
		t.Fatal(err)
	}
	fs.SetFree(40<<20, 4<<30)
	d.space.mu.Lock()
	d.space.at = d.space.at.Add(-spaceAge) // a second passes
	d.space.mu.Unlock()
	err := d.Apply(put("a", "2"))
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "(40 MB left): nothing was saved; free space on store") {
		t.Fatalf("write on a full disk: %v, want ErrFull in full", err)
	}
	if v, err := d.Get([]byte("a")); err != nil || string(v) != "1" {
		t.Fatalf("read on a full disk: %q, %v; want what was there", v, err)
	}
	var b Batch
	b.DeleteRange([]byte("a"), []byte("b"))
	if err := d.Apply(&b); err != nil {
		t.Fatalf("delete on a full disk: %v", err)
	}
	fs.SetFree(100<<20, 4<<30)
	if err := d.Apply(put("a", "3")); err != nil {
		t.Fatalf("write after space was freed: %v", err)
	}
	if err := d.Apply(put("a", strings.Repeat("x", 31<<20))); !errors.Is(err, ErrFull) {
		t.Fatalf("write of more than is left: %v, want ErrFull", err)
	}
}

func TestReserve(t *testing.T) {
	for _, c := range []struct{ reserve, total, want uint64 }{
		{0, 1 << 30, minReserve},
		{0, 4 << 30, 4 << 30 / 100},
		{0, 1 << 40, maxReserve},
		{5 << 20, 1 << 40, 5 << 20},
	} {
		fs := NewCrashFS()
		fs.SetFree(c.total, c.total)
		d := mustOpen(t, "store", Options{FS: fs, Reserve: c.reserve})
		if err := d.Apply(put("a", "1")); err != nil {
			t.Fatal(err)
		}
		if d.space.floor != c.want {
			t.Errorf("reserve %d of %d is %d, want %d", c.reserve, c.total, d.space.floor, c.want)
		}
	}
}
