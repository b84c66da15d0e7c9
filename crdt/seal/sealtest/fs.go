package sealtest

import (
	"bytes"
	"fmt"
	"io/fs"
)

func missing(name string) error { return fmt.Errorf("%s: %w", name, fs.ErrNotExist) }

// Read implements seal.FS.
func (d *Disk) Read(name string, limit int) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return nil, err
	}
	f, ok := d.names[name]
	if !ok {
		return nil, missing(name)
	}
	return bytes.Clone(f.now[:min(limit, len(f.now))]), nil
}

// Create implements seal.FS.
func (d *Disk) Create(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return err
	}
	if _, ok := d.names[name]; ok {
		return fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	f := &file{}
	d.all = append(d.all, f)
	d.change(func(names map[string]*file) { names[name] = f })
	return d.tick()
}

// Write implements seal.FS.
func (d *Disk) Write(name string, content []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return err
	}
	f, ok := d.names[name]
	if !ok {
		return missing(name)
	}
	return d.write(f, content)
}

// Blank implements seal.FS.
func (d *Disk) Blank(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return err
	}
	f, ok := d.names[name]
	if !ok {
		return missing(name)
	}
	return d.write(f, make([]byte, len(f.now)))
}

// Same implements seal.FS.
func (d *Disk) Same(a, b string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return false, err
	}
	for _, name := range []string{a, b} {
		if _, ok := d.names[name]; !ok {
			return false, missing(name)
		}
	}
	return d.names[a] == d.names[b], nil
}

// Link implements seal.FS.
func (d *Disk) Link(name, other string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return err
	}
	f, ok := d.names[name]
	if !ok {
		return missing(name)
	}
	if _, ok := d.names[other]; ok {
		return fmt.Errorf("%s: %w", other, fs.ErrExist)
	}
	d.change(func(names map[string]*file) { names[other] = f })
	return d.tick()
}

// Rename implements seal.FS.
func (d *Disk) Rename(name, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return err
	}
	f, ok := d.names[name]
	if !ok {
		return missing(name)
	}
	d.change(func(names map[string]*file) {
		if names[name] == f {
			delete(names, name)
		}
		names[to] = f
	})
	return d.tick()
}

// Remove implements seal.FS.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return err
	}
	if _, ok := d.names[name]; !ok {
		return missing(name)
	}
	d.change(func(names map[string]*file) { delete(names, name) })
	return d.tick()
}

// SyncDir implements seal.FS.
func (d *Disk) SyncDir(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tick(); err != nil {
		return err
	}
	for _, change := range d.pending {
		change(d.kept)
	}
	d.pending = nil
	return d.tick()
}
