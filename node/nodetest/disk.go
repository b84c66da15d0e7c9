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
}

func openDisk(fs store.FS, dir string) (*disk, error) {
	d, err := store.Open(dir, store.Options{FS: fs, CacheBytes: 1 << 20})
	if err != nil {
		return nil, err
	}
	return &disk{Disk: d, report: make(chan error, 1)}, nil
}

// fail lets every write from now on end in ErrBroken, as after a failed fsync.
func (d *disk) fail() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.failed {
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
