package nodetest

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/upprop/upprop/crdt/seal"
)

// What a disk of keys answers when it cannot write.
var (
	errDark   = errors.New("the power is gone")
	errJammed = errors.New("input/output error")
)

// vaultDisk is where a house's keys rest: real files, whose every change the
// power may go before, as before a write to the database. What has been done
// lasts; what a cut leaves of changes that were not synced is for crdt/seal's
// own tests.
type vaultDisk struct {
	seal.FS
	h *House
	l *life
}

func (v vaultDisk) may(needsRoom bool) error {
	v.h.wrote(v.l)
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	switch {
	case v.l.dark, v.l.over:
		return errDark
	case v.h.jammed:
		return errJammed
	}
	return v.h.failure(v.l, needsRoom)
}

// changed: what was read of the file of keys may not be what is in it.
func (h *House) changed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.loot = nil
}

// after does a change if it may be done.
func (v vaultDisk) after(needsRoom bool, do func() error) error {
	if err := v.may(needsRoom); err != nil {
		return err
	}
	defer v.h.changed()
	return do()
}

func (v vaultDisk) Create(name string) error {
	return v.after(true, func() error { return v.FS.Create(name) })
}

func (v vaultDisk) Write(name string, content []byte) error {
	return v.after(true, func() error { return v.FS.Write(name, content) })
}

func (v vaultDisk) Blank(name string) error {
	return v.after(false, func() error { return v.FS.Blank(name) })
}

func (v vaultDisk) Link(name, other string) error {
	return v.after(true, func() error { return v.FS.Link(name, other) })
}

func (v vaultDisk) Rename(name, to string) error {
	return v.after(true, func() error { return v.unnamed(to, func() error { return v.FS.Rename(name, to) }) })
}

func (v vaultDisk) Remove(name string) error {
	return v.after(false, func() error { return v.unnamed(name, func() error { return v.FS.Remove(name) }) })
}

// unnamed does what takes a name from its file. Where that is the last one of a file
// of keys, what it holds lies on the disk still.
func (v vaultDisk) unnamed(name string, do func() error) error {
	names := v.h.keysFiles()
	if !slices.Contains(names, name) || slices.ContainsFunc(names, func(other string) bool {
		same, err := v.FS.Same(name, other)
		return other != name && err == nil && same
	}) {
		return do()
	}
	raw, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := do(); err != nil || blank(raw) {
		return err
	}
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	v.h.shed = append(v.h.shed, raw)
	return nil
}
