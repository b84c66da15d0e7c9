package nodetest

import (
	"errors"
	"fmt"
	"path"
	"syscall"
	"time"

	"github.com/upprop/upprop/crdt/store"
)

// disk is a database on a file system in memory, whose every change the power
// may go before and may fail.
type disk struct{ *store.Disk }

// openStore opens a life's database.
func (h *House) openStore(l *life) func(dir string) (store.Store, error) {
	return func(dir string) (store.Store, error) {
		fs := store.Failing(h.fs, func(c store.Change) error { return h.change(l, c) })
		d, err := store.Open(dir, store.Options{FS: fs, CacheBytes: 1 << 20, LetGo: l.gone})
		if err != nil {
			return nil, err
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		l.disk = &disk{d}
		return l.disk, nil
	}
}

// What a start that is no fault of the node's ends with.
var errNoRoom = errors.New("there is no room on the disk")

// fault is what changes of a disk fail with, after so many that do not.
type fault struct {
	cause error // nil: none does
	left  int
	// seed chooses what is left of what was not synced.
	seed uint64
}

// hits counts a change down and reports whether it fails.
func (f *fault) hits() bool {
	if f.cause == nil {
		return false
	}
	if f.left > 0 {
		f.left--
		return false
	}
	return true
}

// change is called before each change of a database: what it returns, the change
// fails with.
func (h *House) change(l *life, c store.Change) error {
	h.wrote(l)
	h.mu.Lock()
	defer h.mu.Unlock()
	cause := h.failure(l, !c.Sync)
	if cause == nil || l.cause != nil || l.dark {
		return cause
	}
	if errors.Is(cause, syscall.ENOSPC) && path.Ext(c.File) == ".sst" && l.disk != nil {
		return cause // that the database tries again
	}
	l.cause, l.left = cause, h.fs.Crash(h.flaw.seed+h.brim.seed)
	return cause
}

// failure is what a change fails with, nil when it does not. mu is held.
func (h *House) failure(l *life, needsRoom bool) error {
	switch {
	case l.over:
		return nil // on a disk that nobody reads any more
	case l.dark:
		return errDark
	case h.flaw.hits():
		return h.flaw.cause
	case needsRoom && h.brim.hits():
		l.choked = true
		return h.brim.cause
	}
	return nil
}

// failDisk lets the disk fail from one of the next changes on, while work is
// being done, and waits for the node to end.
func (h *House) failDisk(changes int, seed uint64, work func()) error {
	h.setFlaw(fault{syscall.EIO, changes, seed})
	defer h.setFlaw(fault{})
	work()
	return h.bury()
}

func (h *House) setFlaw(f fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flaw = f
}

// bury closes a node whose database broke of its disk: it must have ended by
// itself, and with the right word. It does nothing to others.
func (h *House) bury() error {
	h.mu.Lock()
	l := h.life
	broke := l != nil && l.cause != nil
	h.mu.Unlock()
	if !broke {
		return nil
	}
	select {
	case err := <-l.done:
		if !errors.Is(err, store.ErrBroken) {
			return fmt.Errorf("%s ended with %v after its disk failed", h.Name, err)
		}
	case <-time.After(time.Minute):
		return fmt.Errorf("%s goes on for a minute on a disk that has failed", h.Name)
	}
	h.off()
	_ = l.node.Close()
	h.end(l)
	return nil
}

// bury buries all whose disk has failed since it was last called.
func (c *Campus) bury() error {
	for _, h := range c.Houses {
		was := h.Node()
		if err := h.bury(); err != nil {
			return violated("ends when its disk fails", "%v", err)
		}
		if was != nil && h.Node() == nil {
			c.trace("%s has ended: its disk has failed", h.Name)
		}
	}
	return nil
}

// cram fills the disk: the node is told of a little room, and after so many more
// changes that need room there is none; below zero: there always is.
func (h *House) cram(changes int, seed uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.full, h.fullAt = true, time.Now()
	if changes >= 0 {
		h.brim = fault{syscall.ENOSPC, changes, seed}
	}
	h.tellRoom()
}

// setRoom has a disk that was put back report what the machine has.
func (h *House) setRoom() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellRoom()
}

// room gives the disk room again. A measurement of free disk is believed for a
// second.
func (h *House) room() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.full, h.brim = false, fault{}
	h.tellRoom()
}

// tellRoom has the disk report how much of it is free. mu is held.
func (h *House) tellRoom() {
	free := uint64(1) << 33
	if h.full {
		free = 1 << 20
	}
	h.fs.SetFree(free, 1<<34)
}
