package nodetest

import (
	"sync"

	"github.com/upprop/upprop/crdt/store"
)

// disk is a store on a crashable file system that can be made to fail under
// its writes.
type disk struct {
	*store.Disk
	report chan error

	mu     sync.Mutex
	failed bool
	// fuse is how many writes are left until it fails; below zero: not armed.
	fuse int
	// failing is called as it fails, before the write that does not last.
	failing func()
}

func openDisk(fs store.FS, dir string) (*disk, error) {
	d, err := store.Open(dir, store.Options{FS: fs, CacheBytes: 1 << 20})
	if err != nil {
		return nil, err
	}
	return &disk{Disk: d, report: make(chan error, 1), fuse: -1}, nil
}

// failAfter lets a write fail after some more, and every one after it: what it
// wrote can be read, is never acknowledged, and is gone when the store is
// opened anew.
func (d *disk) failAfter(writes int, failing func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fuse, d.failing = writes, failing
}

// burn counts a write down and fails when it is the last.
func (d *disk) burn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fuse < 0 || d.failed {
		return
	}
	if d.fuse--; d.fuse < 0 {
		d.failing()
		d.failed = true
		d.report <- store.ErrBroken
		close(d.report)
	}
}

func (d *disk) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed {
		return store.ErrBroken
	}
	return nil
}

// Broken implements what node watches.
func (d *disk) Broken() <-chan error { return d.report }

// Write implements store.Store.
func (d *disk) Write(b *store.Batch) (func() error, error) {
	if err := d.failure(); err != nil {
		return nil, err
	}
	d.burn()
	wait, err := d.Disk.Write(b)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := wait(); err != nil {
			return err
		}
		return d.failure()
	}, nil
}

// Apply implements store.Store.
func (d *disk) Apply(b *store.Batch) error {
	wait, err := d.Write(b)
	if err != nil {
		return err
	}
	return wait()
}
