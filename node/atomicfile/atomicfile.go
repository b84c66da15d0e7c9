// Package atomicfile replaces a small file whole or not at all.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace puts b into the file at path, for this user alone, durably when it
// returns. A crash or an error at any point leaves what was there, or b whole;
// it may leave a file beside it that ends in ".new", which the next call takes
// over.
func Replace(path string, b []byte) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
