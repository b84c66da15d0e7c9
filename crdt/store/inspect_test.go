package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestInspect(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	if _, err := Inspect(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	d, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := Inspect(dir)
	if err != nil || c.Newer || c.Holder != 0 || c.FreeBytes == 0 || c.TotalBytes < c.FreeBytes {
		t.Errorf("%+v %v", c, err)
	}
	if err := os.WriteFile(filepath.Join(dir, formatFile), []byte("99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Inspect(dir); err != nil || !c.Newer {
		t.Errorf("%+v %v", c, err)
	}
}

func TestSyncsAreCounted(t *testing.T) {
	var l latency
	for _, d := range []time.Duration{time.Microsecond, time.Millisecond, time.Hour} {
		l.observe(d)
	}
	var m Metrics
	l.measure(&m)
	if m.Fsyncs != 3 || m.FsyncWithin[0] != 1 || m.FsyncWithin[3] != 2 || m.FsyncWithin[len(FsyncBounds)-1] != 2 || m.FsyncTime < time.Hour {
		t.Errorf("%+v", m)
	}
}
