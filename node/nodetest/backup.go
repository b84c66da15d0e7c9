package nodetest

import (
	"os"
	"path/filepath"
	"slices"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// backup is a copy of all that a machine keeps.
type backup struct {
	dir string
	fs  *store.CrashFS
	// members counts the changes of the roster before it.
	members int
	at      time.Time
	mixed   bool
	seals   bool // it knew of keys to seal to
}

// backUp copies folder and disk, as a copy taken of a running machine is.
func (h *House) backUp(dir string, seed uint64, members int) error {
	synctest.Wait() // nothing is under way
	if h.copy != nil {
		if err := os.RemoveAll(h.copy.dir); err != nil {
			return err
		}
	}
	if err := copyFolder(dir, h.dir); err != nil {
		return err
	}
	h.copy = &backup{dir: dir, fs: h.fs.Crash(seed), members: members, at: time.Now(), mixed: h.mixed, seals: h.couldSeal}
	return nil
}

// restore puts the machine back to its copy, all of it or the database alone.
// The power is off.
func (h *House) restore(seed uint64, alone bool) error {
	keys, err := h.stolen()
	if err != nil {
		return err
	}
	boxes := h.boxes
	defer h.setRoom()
	h.buried, h.boxes, h.destroyed = nil, nil, nil
	h.couldSeal = h.copy.seals
	defer h.changed()
	if alone {
		h.destroyed = map[record.PartKey][]resting{}
		for k, all := range boxes {
			h.destroyed[k] = slices.DeleteFunc(all, func(r resting) bool { return r.opens(keys, k) })
		}
		h.fs, h.mixed = h.copy.fs.Crash(seed), true
		return nil
	}
	h.mixed, h.shed = h.copy.mixed, nil
	if err := os.RemoveAll(h.dir); err != nil {
		return err
	}
	h.fs = h.copy.fs.Crash(seed)
	return copyFolder(h.dir, h.copy.dir)
}

// copyFolder copies the plain files of a folder.
func copyFolder(to, from string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, f.Name()), b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
