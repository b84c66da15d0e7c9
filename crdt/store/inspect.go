package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Condition is what can be seen of a store's folder from outside.
type Condition struct {
	// Newer: a release that this one does not know wrote it.
	Newer bool
	// Holder is the process that has it open, zero when none has.
	Holder int
	// HolderRuns is for how long that process has run, zero when the system
	// does not tell.
	HolderRuns time.Duration
	// FreeBytes of the disk's TotalBytes are free.
	FreeBytes, TotalBytes uint64
}

// Inspect looks at a folder without opening or changing it. The process that
// has the folder open must not call it: the system would take its lock away.
// A folder that does not exist is fs.ErrNotExist.
func Inspect(dir string) (c Condition, err error) {
	if _, err := os.Stat(dir); err != nil {
		return c, fmt.Errorf("inspect store: %w", err)
	}
	switch _, err := checkFormat(vfs.Default, dir); {
	case errors.Is(err, ErrNewer):
		c.Newer = true
	case err != nil:
		return c, fmt.Errorf("inspect store: %w", err)
	}
	if u, err := vfs.Default.GetDiskUsage(dir); err == nil {
		c.FreeBytes, c.TotalBytes = u.AvailBytes, u.TotalBytes
	}
	c.Holder, err = holder(filepath.Join(dir, "LOCK"))
	if err != nil {
		return c, fmt.Errorf("inspect store: %w", err)
	}
	c.HolderRuns = runs(c.Holder)
	return c, nil
}

func holder(lock string) (pid int, err error) {
	f, err := os.OpenFile(filepath.Clean(lock), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	spec := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &spec); err != nil {
		return 0, err
	}
	if spec.Type == syscall.F_UNLCK {
		return 0, nil
	}
	return int(spec.Pid), nil
}

// runs is for how long a process of this machine has run; zero where that
// cannot be told.
func runs(pid int) time.Duration {
	if pid <= 0 {
		return 0
	}
	up, err := os.ReadFile("/proc/uptime")
	stat, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || err2 != nil {
		return 0
	}
	return runsBy(string(up), string(stat))
}

// runsBy reads what proc(5) says of the time since the machine's start and of
// a process.
func runsBy(uptime, stat string) time.Duration {
	const ticks, started = 100, 22 - 3 // a second; field of stat, after the name
	now, _, _ := strings.Cut(uptime, " ")
	up, err := strconv.ParseFloat(now, 64)
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]) // a name may hold anything
	if err != nil || len(f) <= started {
		return 0
	}
	at, err := strconv.ParseUint(f[started], 10, 63)
	if err != nil {
		return 0
	}
	return max(0, time.Duration((up-float64(at)/ticks)*float64(time.Second)))
}

// locked is ErrLocked with the name of who holds the folder, where that is
// another process and the system tells. The process that holds it must not
// call it: see Inspect.
func locked(dir string) error {
	pid, err := holder(filepath.Join(dir, "LOCK"))
	if err != nil || pid <= 0 {
		return ErrLocked
	}
	if d := runs(pid); d > 0 {
		return fmt.Errorf("%w (process %d, running for %v)", ErrLocked, pid, d.Round(time.Second))
	}
	return fmt.Errorf("%w (process %d)", ErrLocked, pid)
}
