package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// AdoptKeyring takes the keys out of the keyring file of an earlier release
// into this vault and, when they are durable here, overwrites and removes the
// file. A missing file is not an error. After a cut it may be called again.
// Errors: ErrFormat, ErrNewer, or what the file system says; the file is then
// as it was.
func (v *Vault) AdoptKeyring(path string) error {
	if err := v.adopt(path); err != nil {
		return fmt.Errorf("take over the keyring %s: %w", path, err)
	}
	return nil
}

func (v *Vault) adopt(path string) error {
	if err := eraseTaken(v.fs, path); err != nil {
		return err
	}
	raw, err := v.fs.Read(path, maxGrant+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return eraseLeftovers(v.fs, path)
	case err != nil:
		return err
	}
	defer clear(raw)
	if err := eraseLeftovers(v.fs, path); err != nil {
		return err
	}
	if _, err := v.Import(raw); err != nil {
		return err
	}
	// A file that is half blank must not be taken for a damaged keyring, so
	// it loses its name first.
	if err := v.fs.Rename(path, takenName(path)); err != nil {
		return err
	}
	return eraseTaken(v.fs, path)
}

func takenName(path string) string { return path + ".taken" }

func eraseTaken(d FS, path string) error {
	if _, err := d.Same(takenName(path), takenName(path)); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := d.SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := d.Blank(takenName(path)); err != nil {
		return err
	}
	return errors.Join(d.Remove(takenName(path)), d.SyncDir(filepath.Dir(path)))
}
