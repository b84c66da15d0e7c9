package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// FS is what the vault asks of a disk. OSFS is the real one; tests put one in
// its place that is cut at any point.
type FS interface {
	// Read returns the file's content, or limit bytes of a longer one. Errors
	// match fs.ErrNotExist when there is none.
	Read(name string, limit int) ([]byte, error)
	// Create makes a new, empty file that its owner alone may read and write.
	// It is an error when the name is taken.
	Create(name string) error
	// Write puts the content into an empty file, synced.
	Write(name string, content []byte) error
	// Blank overwrites the content where it lies with zeros, synced.
	Blank(name string) error
	// Same reports whether two names are of one file. Errors match
	// fs.ErrNotExist when either is missing.
	Same(a, b string) (bool, error)
	// Link gives the file another name.
	Link(name, other string) error
	// Rename moves the name, atomically, over another if need be.
	Rename(name, to string) error
	// Remove takes the name away. Errors match fs.ErrNotExist.
	Remove(name string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
}

// The names beside the vault's own. Nothing but a cut leaves one behind.
func newName(path string) string { return path + ".new" }
func oldName(path string) string { return path + ".old" }

// replaceFile puts raw in the file's place so that a cut at any point leaves
// the old content or the new, then overwrites the old content where it lay.
// Old content and new each have a name until they count or are blank, so that
// eraseLeftovers finds them after a cut. On an error either may count.
func replaceFile(d FS, path string, raw []byte) error {
	if err := eraseLeftovers(d, path); err != nil {
		return err
	}
	err := putInPlace(d, path, raw)
	return errors.Join(err, eraseLeftovers(d, path))
}

func putInPlace(d FS, path string, raw []byte) error {
	if err := d.Create(newName(path)); err != nil {
		return err
	}
	if err := d.Link(path, oldName(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Without this a disk may keep the content and lose its name, or keep the
	// renaming and lose the link, and with it the way to the old content.
	if err := d.SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := d.Write(newName(path), raw); err != nil {
		return err
	}
	if err := d.Rename(newName(path), path); err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(path))
}

// eraseLeftovers overwrites and removes what has been replaced, and what was
// never put in place. Nothing is overwritten before the names are durable: a
// cut could otherwise bring the old name back to blank content.
func eraseLeftovers(d FS, path string) error {
	var asides []string
	for _, aside := range []string{oldName(path), newName(path)} {
		_, err := d.Same(aside, aside)
		if err == nil {
			asides = append(asides, aside)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(asides) == 0 {
		return nil
	}
	err := d.SyncDir(filepath.Dir(path))
	for _, aside := range asides {
		if err == nil {
			err = eraseAside(d, path, aside)
		}
	}
	return errors.Join(err, d.SyncDir(filepath.Dir(path)))
}

// leftovers reports whether anything lies beside the file.
func leftovers(d FS, path string) bool {
	return slices.ContainsFunc([]string{oldName(path), newName(path)}, func(aside string) bool {
		_, err := d.Same(aside, aside)
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// eraseAside overwrites and removes the file under the name aside. Where that
// is one more name of the file that counts, only the name goes.
func eraseAside(d FS, path, aside string) error {
	same, err := d.Same(aside, path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && aside == oldName(path):
		// Never destroy what may be the only copy.
		return fmt.Errorf("%s is gone and %s is there: someone has moved it; rename the latter to the former: %w", path, aside, err)
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	}
	if !same {
		if err := d.Blank(aside); err != nil {
			return err
		}
	}
	return d.Remove(aside)
}
