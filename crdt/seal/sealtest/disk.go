// Package sealtest is a disk in memory for the vault, which can be cut at any
// point and remembers all that ever lay on it. It is not a file system: it has
// one flat list of names.
//
// Invariant: what was synced survives every cut, and nothing else is promised.
package sealtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// ErrCut is what a disk answers from its cut on.
var ErrCut = errors.New("the power has been cut")

// Disk implements seal.FS. Safe for concurrent use.
type Disk struct {
	mu sync.Mutex
	// names as the running system sees them, kept as the disk holds them.
	names, kept map[string]*file
	pending     []func(map[string]*file) // changes of names that are not synced
	all         []*file                  // every file there ever was, named or not
	step        int
	cutAt       int // 0: never
	failAt      int // 0: never
}

type file struct {
	now, synced []byte
}

// NewDisk is an empty disk.
func NewDisk() *Disk { return &Disk{names: map[string]*file{}, kept: map[string]*file{}} }

// CutAt cuts the power at the nth step from now, counted from 1; each
// operation takes several. CutAt(0) never does.
func (d *Disk) CutAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step, d.cutAt = 0, n
}

// FailAt makes the nth step from now fail, once: the operation stops there.
func (d *Disk) FailAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step, d.failAt = 0, n
}

// WasCut reports whether the power has been cut.
func (d *Disk) WasCut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isCut()
}

// Aftermaths is every disk that may be found after a cut at this moment: with
// unsynced content as written or as last synced, and with any subset of the
// unsynced changes of names, in their order.
func (d *Disk) Aftermaths() (out []*Disk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for subset := range 1 << len(d.pending) {
		for _, lose := range []bool{false, true} {
			names := maps.Clone(d.kept)
			for i, change := range d.pending {
				if subset&(1<<i) != 0 {
					change(names)
				}
			}
			out = append(out, d.found(names, lose))
		}
	}
	return out
}

func (d *Disk) found(names map[string]*file, lose bool) *Disk {
	n := NewDisk()
	moved := map[*file]*file{}
	for _, f := range d.all {
		content := f.now
		if lose {
			content = f.synced
		}
		g := &file{bytes.Clone(content), bytes.Clone(content)}
		moved[f] = g
		n.all = append(n.all, g)
	}
	for name, f := range names {
		n.names[name], n.kept[name] = moved[f], moved[f]
	}
	return n
}

// Holds reports whether the bytes lie anywhere on the disk, in a file with a
// name or without one, synced or not.
func (d *Disk) Holds(secret []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.all {
		if bytes.Contains(f.now, secret) || bytes.Contains(f.synced, secret) {
			return true
		}
	}
	return false
}

// Names lists the names there are.
func (d *Disk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.names))
}

func (d *Disk) isCut() bool { return d.cutAt > 0 && d.step >= d.cutAt }

// tick is one step. The caller holds d.mu.
func (d *Disk) tick() error {
	if d.isCut() {
		return ErrCut
	}
	d.step++
	if d.isCut() {
		return ErrCut
	}
	if d.failAt > 0 && d.step == d.failAt {
		return fmt.Errorf("step %d of the disk fails: %w", d.step, fs.ErrInvalid)
	}
	return nil
}

// change applies a change of names, and keeps it for the next SyncDir.
func (d *Disk) change(f func(map[string]*file)) {
	f(d.names)
	d.pending = append(d.pending, f)
}

// write puts content into a file in two steps, and syncs it in a third.
func (d *Disk) write(f *file, content []byte) error {
	half := len(content) / 2
	old := f.now
	f.now = bytes.Clone(content[:half])
	if len(old) > half {
		f.now = append(f.now, old[half:]...)
	}
	if err := d.tick(); err != nil {
		return err
	}
	f.now = bytes.Clone(content)
	if err := d.tick(); err != nil {
		return err
	}
	f.synced = f.now
	return d.tick()
}
