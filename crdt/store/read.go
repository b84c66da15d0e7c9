package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// Get implements Store.
func (d *Disk) Get(key []byte) ([]byte, error) {
	if !d.gate.enter() {
		return nil, ErrClosed
	}
	defer d.gate.leave()
	if len(key) == 0 {
		return nil, ErrNotFound
	}
	v, closer, err := d.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read store: %w", err)
	}
	out := append([]byte{}, v...)
	if err := closer.Close(); err != nil {
		return nil, fmt.Errorf("read store: %w", err)
	}
	return out, nil
}

// Scan implements Store.
func (d *Disk) Scan(lo, hi []byte, fn func(k, v []byte) error) error {
	return d.scan(lo, hi, (*pebble.Iterator).First, (*pebble.Iterator).Next, fn)
}

// ScanBack implements Store.
func (d *Disk) ScanBack(lo, hi []byte, fn func(k, v []byte) error) error {
	return d.scan(lo, hi, (*pebble.Iterator).Last, (*pebble.Iterator).Prev, fn)
}

func (d *Disk) scan(lo, hi []byte, first, next func(*pebble.Iterator) bool, fn func(k, v []byte) error) error {
	if !d.gate.enter() {
		return ErrClosed
	}
	defer d.gate.leave()
	if hi != nil && bytes.Compare(lo, hi) >= 0 {
		return nil
	}
	if len(lo) == 0 {
		lo = nil // pebble's own checks stumble over a bound without bytes
	}
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: slices.Clone(lo), UpperBound: slices.Clone(hi)})
	if err != nil {
		return fmt.Errorf("scan store: %w", err)
	}
	fnErr := walk(it, first, next, fn)
	if err := it.Close(); err != nil && fnErr == nil {
		return fmt.Errorf("scan store: %w", err)
	}
	if errors.Is(fnErr, ErrStop) {
		return nil
	}
	return fnErr
}

func walk(it *pebble.Iterator, first, next func(*pebble.Iterator) bool, fn func(k, v []byte) error) error {
	for ok := first(it); ok; ok = next(it) {
		v, err := it.ValueAndErr()
		if err != nil {
			return fmt.Errorf("scan store: %w", err)
		}
		if err := fn(it.Key(), v); err != nil {
			return err
		}
	}
	return nil
}
