package crdt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/upprop/upprop/crdt/record"
)

// guard notes in a small mapped file what is being let into the core. The file
// outlives the process (not the machine), so that what ended it is known at
// restart. A nil guard notes nothing.
type guard struct {
	file *os.File
	mem  []byte
}

// cell is one note in the file. Each has one writer at a time: the first
// under Replica.writing, the others under documents.mu.
type cell int

const (
	// applying: a change from another node is being applied.
	applying cell = iota
	// reading: a document is being read back, all changes at once.
	reading
	// stepping: a document is being read back change by change.
	stepping

	cells     = 3
	cellSize  = 256
	guardSize = 4096
)

// note is what a cell says: whose change, in which document. A document that
// is read back as a whole has neither hash nor actor.
type note struct {
	hash [32]byte
	at   slot
}

// openGuard maps the file and returns what was being let in when the process
// that used it last ended; found is false when nothing was.
func openGuard(path string) (g *guard, where cell, what note, found bool, err error) {
	if path == "" {
		return nil, 0, what, false, nil
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, what, false, fmt.Errorf("open guard: %w", err)
	}
	if err := f.Truncate(guardSize); err != nil {
		return nil, 0, what, false, errors.Join(fmt.Errorf("open guard: %w", err), f.Close())
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, guardSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, 0, what, false, errors.Join(fmt.Errorf("map guard: %w", err), f.Close())
	}
	g = &guard{file: f, mem: mem}
	// The innermost is to blame: an apply may first have to read a document.
	for c := range cell(cells) {
		if n, ok := g.read(c); ok {
			where, what, found = c, n, true
		}
		g.leave(c)
	}
	return g, where, what, found, nil
}

// A cell's bytes: 1 while in use, hash (32), actor (32), the length of the
// document's name and the name.
const cellFixed = 1 + 32 + 32 + 1

func (g *guard) at(c cell) []byte { return g.mem[int(c)*cellSize : (int(c)+1)*cellSize] }

func (g *guard) read(c cell) (n note, ok bool) {
	b := g.at(c)
	if b[0] != 1 {
		return n, false
	}
	n.hash, n.at.actor = [32]byte(b[1:33]), record.ActorID(b[33:65])
	if size := int(b[65]); cellFixed+size <= len(b) {
		n.at.doc = record.DocID(b[cellFixed : cellFixed+size])
	}
	return n, true
}

// enter is called right before the core is, leave right after.
func (g *guard) enter(c cell, n note) {
	if g == nil {
		return
	}
	b := g.at(c)
	copy(b[1:], n.hash[:])
	copy(b[33:], n.at.actor[:])
	b[65] = byte(copy(b[cellFixed:], n.at.doc))
	b[0] = 1
}

func (g *guard) leave(c cell) {
	if g != nil {
		g.at(c)[0] = 0
	}
}

func (g *guard) close() {
	if g != nil && g.mem != nil {
		_ = syscall.Munmap(g.mem)
		_ = g.file.Close()
		g.mem = nil
	}
}

// InGuard reads, without changing anything, which node's change a guard file
// says was being let in; false when it says none. A running process changes it
// all the time: ask only when none runs.
func InGuard(path string) (author record.NodeID, found bool) {
	b, err := os.ReadFile(filepath.Clean(path))
	if err != nil || len(b) < guardSize {
		return author, false
	}
	g := guard{mem: b}
	for c := range cell(cells) {
		if n, ok := g.read(c); ok {
			author, found = n.at.actor.Node(), true
		}
	}
	return author, found
}
