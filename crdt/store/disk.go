package store

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is a file system to keep a Disk on; tests hand in a [CrashFS].
type FS = vfs.FS

// Options shape a Disk. The zero Options are the defaults.
type Options struct {
	// FS is the file system; nil is the machine's own.
	FS FS
	// Logger hears of the storage engine's troubles; nil is silence.
	Logger *slog.Logger
	// CacheBytes bounds the memory for blocks read; 0 is 16 MiB.
	CacheBytes int64
	// Reserve is how many bytes of disk are left free: a Write that would go
	// below is refused with ErrFull. 0 is 1 % of the disk, but no less than
	// 16 MiB and no more than 64 MiB.
	Reserve uint64
	// LetGo, for simulations of many machines in one process, is closed when the
	// machine of a broken store is gone: what is parked goes on, on a disk that is
	// well again and that nobody reads any more, and so ends. Nil: it stays parked
	// until the process ends.
	LetGo <-chan struct{}
}

const (
	defaultCache = 16 << 20
	memTableSize = 4 << 20
	maxOpenFiles = 256
)

// Disk is a Store in a folder. It implements Store.
type Disk struct {
	db    *pebble.DB
	lock  *pebble.Lock
	guard *guard
	space *space
	gate  gate

	queue chan *commit
	acks  chan *commit
	// last is the commit that was applied last, nil before the first.
	last atomic.Pointer[commit]
	// settled closes when both goroutines have ended.
	settled chan struct{}

	closeOnce sync.Once
	closeErr  error
}

var _ Store = (*Disk)(nil)

// Open opens the store in dir, which is made when it does not exist. Errors:
// ErrLocked, ErrNewer, ErrBroken, or what the file system says.
func Open(dir string, opts Options) (*Disk, error) {
	d, err := open(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("open store in %s: %w", dir, err)
	}
	return d, nil
}

func open(dir string, opts Options) (*Disk, error) {
	if opts.FS == nil {
		opts.FS = vfs.Default
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.CacheBytes == 0 {
		opts.CacheBytes = defaultCache
	}
	if _, err := checkFormat(opts.FS, dir); err != nil {
		return nil, err
	}
	g := newGuard(opts.FS, opts.LetGo)
	if err := makeDir(g, dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(g, dir)
	if err != nil {
		return nil, err
	}
	d := &Disk{
		lock:    lock,
		guard:   g,
		space:   &space{fs: opts.FS, dir: dir, reserve: opts.Reserve, now: time.Now},
		queue:   make(chan *commit, 64),
		acks:    make(chan *commit, 4096),
		settled: make(chan struct{}),
	}
	if err := d.openEngine(dir, opts); err != nil {
		return nil, errors.Join(err, g.unlock())
	}
	go d.run()
	return d, nil
}

func (d *Disk) openEngine(dir string, opts Options) error {
	switch n, err := checkFormat(opts.FS, dir); {
	case err != nil:
		return err
	case n == 0:
		if err := writeFormat(d.guard, dir); err != nil {
			return err
		}
	}
	log := engineLog{log: opts.Logger, guard: d.guard}
	po := &pebble.Options{
		FS:                          d.guard,
		Lock:                        d.lock,
		Logger:                      log,
		EventListener:               log.events(),
		FormatMajorVersion:          engineFormat,
		CacheSize:                   opts.CacheBytes,
		MemTableSize:                memTableSize,
		MemTableStopWritesThreshold: 4,
		MaxOpenFiles:                maxOpenFiles,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 1 },
	}
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		// Nearly all bytes are hashes, signatures and ciphertext.
		po.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	}
	// What fails inside pebble.Open parks its goroutine, see guard.
	type result struct {
		db  *pebble.DB
		err error
	}
	opened := make(chan result, 1)
	d.guard.armed.Store(true)
	go func() {
		db, err := pebble.Open(dir, po)
		if err == nil && d.guard.failure() != nil {
			err = errors.Join(d.guard.failure(), db.Close()) // it was let go
		}
		opened <- result{db, err}
	}()
	select {
	case r := <-opened:
		d.db = r.db
		d.guard.opened.Store(true)
		return r.err
	case <-d.guard.broken:
		return d.guard.failure()
	}
}

// Broken yields the cause, once, and closes when the disk fails under a
// write. From then on every Write returns ErrBroken; the process should end
// in good order and start again.
func (d *Disk) Broken() <-chan error { return d.guard.report }

// Close implements Store. On a broken store it lets go of the folder, leaves
// pebble's parked goroutines behind and returns ErrBroken. Do not call it from
// within a scan callback.
func (d *Disk) Close() error {
	d.closeOnce.Do(func() { d.closeErr = d.close() })
	return d.closeErr
}

func (d *Disk) close() error {
	<-d.gate.close()
	close(d.queue)
	close(d.guard.closing)
	closed := make(chan error, 1)
	go func() {
		<-d.settled
		closed <- d.db.Close()
	}()
	var err error
	select {
	case err = <-closed:
		err = errors.Join(err, d.lock.Close())
	case <-d.guard.broken:
		err = errors.Join(d.guard.failure(), d.guard.unlock())
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
