package store

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guard stands between pebble and the file system. Pebble cannot go on after a
// failed write to its log or manifest: it panics with locks held, or unlocks
// twice, which no recover catches. So a failed write never reaches pebble: the
// guard notes the cause, tells everyone through broken, and parks the
// goroutine for good, as pebble's fatal handler would by ending the process.
// From then on every other writing goroutine is parked as well, so nothing
// more reaches the disk. Goroutines parked here hold no lock that Get or Scan
// take.
//
// One failure is passed on: a sorted table that does not fit on a full disk.
// Pebble drops such a table and tries again, which the guard slows down; not
// so while it opens, when it panics over some failures and tries none again.
type guard struct {
	vfs.FS
	// armed is false before the database is opened: what prepares its folder
	// handles its own errors.
	armed, opened atomic.Bool
	broken        chan struct{}
	// report carries the cause to one reader and is then closed.
	report  chan error
	closing chan struct{}
	letGo   <-chan struct{}
	fsyncs  latency

	mu    sync.Mutex
	cause error
	lock  io.Closer
}

// retryFull is how long a table write that met a full disk is held back.
const retryFull = 250 * time.Millisecond

func newGuard(fs vfs.FS, letGo <-chan struct{}) *guard {
	return &guard{
		FS:      fs,
		letGo:   letGo,
		broken:  make(chan struct{}),
		report:  make(chan error, 1),
		closing: make(chan struct{}),
	}
}

// fail notes the first cause and tells everyone. It never blocks.
func (g *guard) fail(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cause != nil {
		return
	}
	g.cause = fmt.Errorf("%w (%w)", ErrBroken, cause)
	g.report <- g.cause
	close(g.report)
	close(g.broken)
}

// failure is ErrBroken with its cause, nil while all is well.
func (g *guard) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cause
}

// park never returns, but in a simulation whose machine is gone (see
// Options.LetGo).
func (g *guard) park() { <-g.letGo }

// admit parks the caller when the store is broken; call it before writing.
func (g *guard) admit() {
	if g.armed.Load() && g.failure() != nil {
		g.park()
	}
}

// do makes a change to the disk. It returns an error for pebble to handle, or
// does not return.
func (g *guard) do(op, name string, change func() error) error {
	g.admit()
	err := change()
	if err == nil || !g.armed.Load() {
		return err
	}
	name = g.PathBase(name)
	if g.opened.Load() && errors.Is(err, syscall.ENOSPC) && strings.HasSuffix(name, ".sst") {
		t := time.NewTimer(retryFull)
		defer t.Stop()
		select {
		case <-t.C:
		case <-g.closing:
		}
		return err
	}
	g.fail(fmt.Errorf("%s %s: %w", op, name, err))
	g.park()
	return change()
}

// open is do for what opens a file to write to.
func (g *guard) open(op, name string, open func() (vfs.File, error)) (vfs.File, error) {
	var f vfs.File
	err := g.do(op, name, func() (err error) {
		f, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &guardFile{File: f, g: g, name: name, wal: strings.HasSuffix(name, ".log")}, nil
}

// Create makes the names in the folder durable before a marker says which of
// them counts. Pebble leaves that to one sync for both, and a disk that keeps the
// marker alone would never open again.
func (g *guard) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasPrefix(g.PathBase(name), "marker.") {
		if err := syncDir(g, g.PathDir(name)); err != nil {
			return nil, err
		}
	}
	return g.open("create", name, func() (vfs.File, error) { return g.FS.Create(name, c) })
}

func (g *guard) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return g.open("open", name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, c, opts...) })
}

func (g *guard) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.open("reuse", to, func() (vfs.File, error) { return g.FS.ReuseForWrite(from, to, c) })
}

func (g *guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &guardFile{File: f, g: g, name: name}, nil
}

func (g *guard) Link(from, to string) error {
	return g.do("link", to, func() error { return g.FS.Link(from, to) })
}

func (g *guard) Rename(from, to string) error {
	return g.do("rename", to, func() error { return g.FS.Rename(from, to) })
}

// Lock keeps the lock at hand, so that a broken store can let go of its folder
// although pebble can no longer be closed.
func (g *guard) Lock(name string) (io.Closer, error) {
	c, err := g.FS.Lock(name)
	if err != nil {
		return nil, err
	}
	once := &onceCloser{c: c}
	g.mu.Lock()
	g.lock = once
	g.mu.Unlock()
	return once, nil
}

func (g *guard) unlock() error {
	g.mu.Lock()
	c := g.lock
	g.mu.Unlock()
	if c == nil {
		return nil
	}
	return c.Close()
}

func (g *guard) Unwrap() vfs.FS { return g.FS }

type onceCloser struct {
	once sync.Once
	c    io.Closer
	err  error
}

func (o *onceCloser) Close() error {
	o.once.Do(func() { o.err = o.c.Close() })
	return o.err
}

type guardFile struct {
	vfs.File
	g    *guard
	name string
	wal  bool
}

func (f *guardFile) Write(p []byte) (n int, err error) {
	err = f.g.do("write", f.name, func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	return n, err
}

func (f *guardFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.g.do("write", f.name, func() (err error) {
		n, err = f.File.WriteAt(p, off)
		return err
	})
	return n, err
}

func (f *guardFile) Sync() error { return f.sync(f.File.Sync) }

func (f *guardFile) SyncData() error { return f.sync(f.File.SyncData) }

func (f *guardFile) SyncTo(length int64) (full bool, err error) {
	err = f.g.do("sync", f.name, func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

func (f *guardFile) Close() error { return f.g.do("close", f.name, f.File.Close) }

func (f *guardFile) sync(do func() error) error {
	return f.g.do("sync", f.name, func() error {
		start := time.Now()
		err := do()
		if f.wal && err == nil {
			f.g.fsyncs.observe(time.Since(start))
		}
		return err
	})
}
