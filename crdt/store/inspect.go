package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Condition is what can be seen of a store's folder from outside.
type Condition struct {
	// Newer: a release that this one does not know wrote it.
	Newer bool
	// Holder is the process that has it open, zero when none has.
	Holder int
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
