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

func TestHowLongAProcessRuns(t *testing.T) {
	const rest = " S 1 1 1 0 -1 4194560 9 0 0 0 7 8 0 0 20 0 12 0 "
	for stat, want := range map[string]time.Duration{
		"4711 (upprop)" + rest + "350012 99 1":       2*time.Second + 380*time.Millisecond,
		"4711 (a) name (3 4" + ")" + rest + "350012": 2*time.Second + 380*time.Millisecond,
		"4711 (upprop)" + rest + "360000 99 1":       0, // a machine that woke up may count so
		"4711 (upprop)" + rest + "x":                 0,
		"4711 (upprop) S 1":                          0,
		"":                                           0,
	} {
		if got := runsBy("3502.50 6123.10\n", stat); got.Round(time.Millisecond) != want {
			t.Errorf("%q: %v, want %v", stat, got, want)
		}
	}
	if runsBy("", "") != 0 || runs(0) != 0 || runs(-1) != 0 {
		t.Error("nothing is something")
	}
}
