package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// commit is one batch on its way to the disk. Two goroutines carry it: the
// committer gives batches to pebble in order, the acknowledger learns in the
// same order that the log holding them has been synced. Callers never run
// pebble's write path themselves, because a failing disk parks whoever does
// (see guard): they wait for a commit or for the store to be broken.
type commit struct {
	pb      *pebble.Batch
	applied chan struct{}
	done    chan struct{}
	err     error // valid once done is closed
}

// run is the committer; it owns the acknowledger.
func (d *Disk) run() {
	defer close(d.settled)
	acked := make(chan struct{})
	go func() {
		defer close(acked)
		for c := range d.acks {
			d.acknowledge(c)
		}
	}()
	for c := range d.queue {
		if err := d.db.ApplyNoSyncWait(c.pb, pebble.Sync); err != nil {
			d.guard.fail(fmt.Errorf("write: %w", err))
			continue
		}
		d.last.Store(c)
		close(c.applied)
		d.acks <- c
	}
	close(d.acks)
	<-acked
}

func (d *Disk) acknowledge(c *commit) {
	if err := c.pb.SyncWait(); err != nil {
		d.guard.fail(fmt.Errorf("sync: %w", err))
		c.err = d.guard.failure()
		close(c.done)
		return
	}
	close(c.done)
	_ = c.pb.Close() // returns its memory; it has no other effect
}

// Write implements Store. Errors: ErrFull, ErrBroken, ErrClosed.
func (d *Disk) Write(b *Batch) (func() error, error) {
	if !d.gate.enter() {
		return nil, ErrClosed
	}
	defer d.gate.leave()
	if err := d.guard.failure(); err != nil {
		return nil, err
	}
	if b.err != nil {
		return nil, b.err
	}
	if b.Len() == 0 {
		last := d.last.Load()
		return func() error { return d.await(last) }, nil
	}
	if err := d.space.take(b.Size(), b.Frees()); err != nil {
		return nil, err
	}
	pb, err := d.translate(b)
	if err != nil {
		return nil, err
	}
	c := &commit{pb: pb, applied: make(chan struct{}), done: make(chan struct{})}
	select {
	case d.queue <- c:
	case <-d.guard.broken:
		return nil, d.guard.failure()
	}
	select {
	case <-c.applied:
	case <-d.guard.broken:
		return nil, d.guard.failure()
	}
	return func() error { return d.await(c) }, nil
}

// await prefers the batch's own outcome: what was synced before the disk
// failed is safe.
func (d *Disk) await(c *commit) error {
	if c == nil {
		return nil
	}
	select {
	case <-c.done:
		return c.err
	default:
	}
	select {
	case <-c.done:
		return c.err
	case <-d.guard.broken:
		return d.guard.failure()
	}
}

// Apply implements Store.
func (d *Disk) Apply(b *Batch) error {
	wait, err := d.Write(b)
	if err != nil {
		return err
	}
	return wait()
}

func (d *Disk) translate(b *Batch) (*pebble.Batch, error) {
	pb := d.db.NewBatchWithSize(b.Size() + 16*b.Len())
	err := b.each(func(kind opKind, k, v []byte) error {
		switch kind {
		case opSet:
			return pb.Set(k, v, nil)
		case opDelete:
			return pb.Delete(k, nil)
		default:
			if v == nil {
				v = keyCeiling
			}
			return pb.DeleteRange(k, v, nil)
		}
	})
	if err != nil {
		_ = pb.Close()
		return nil, fmt.Errorf("build batch: %w", err)
	}
	return pb, nil
}
