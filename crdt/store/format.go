package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// format numbers the layout of a data folder: raise it with every change
	// that an earlier release would misread.
	format = 1
	// formatFile holds the number in decimal and a newline.
	formatFile = "FORMAT"
	// engineFormat is pebble's own, pinned so that an upgrade of pebble does
	// not change folders unasked.
	engineFormat = pebble.FormatTableFormatV6
)

// checkFormat reads the folder's format number, 0 when it has none yet, and
// changes nothing. Errors: ErrNewer.
func checkFormat(fsys vfs.FS, dir string) (int, error) {
	f, err := fsys.Open(fsys.PathJoin(dir, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", formatFile, err)
	}
	n, err := strconv.Atoi(strings.TrimSuffix(string(raw), "\n"))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("read %s: the file is damaged: restore the data folder from a backup", formatFile)
	}
	if n > format {
		return n, ErrNewer
	}
	return n, nil
}

// writeFormat marks an empty folder as ours, durably.
func writeFormat(fsys vfs.FS, dir string) error {
	names, err := fsys.List(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasPrefix(n, "MANIFEST") || strings.HasSuffix(n, ".sst") || strings.HasSuffix(n, ".log") {
			return fmt.Errorf("%s is missing beside %s: the folder was not written by upprop, or is damaged", formatFile, n)
		}
	}
	path := fsys.PathJoin(dir, formatFile)
	f, err := fsys.Create(path+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n", format)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(fsys, dir)
}

// makeDir makes the folder, and those above it that are missing, for this user
// alone and makes their names durable.
func makeDir(fsys vfs.FS, dir string) error {
	above := fsys.PathDir(dir)
	if _, err := fsys.Stat(dir); err == nil || above == dir {
		return nil
	}
	if err := makeDir(fsys, above); err != nil {
		return err
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(fsys, above)
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lockDir takes the folder for this store. Errors: ErrLocked.
func lockDir(fsys vfs.FS, dir string) (*pebble.Lock, error) {
	l, err := pebble.LockDirectory(dir, fsys)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EAGAIN):
		return nil, locked(dir)
	case strings.Contains(err.Error(), "held by current process"):
		return nil, ErrLocked
	default:
		return nil, fmt.Errorf("lock: %w", err)
	}
}
