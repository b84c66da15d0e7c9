package crdt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// guard notes in a small mapped file which change is being applied. The file
// outlives an abort of the process (not of the machine; an abort of the core
// is what it is for), so that the change can be quarantined at restart.
type guard struct {
	file *os.File
	mem  []byte
}

const guardSize = 4096

// openGuard maps the file and returns the hash that was being applied when the
// process last ended, or zero. A nil guard notes nothing.
func openGuard(path string) (g *guard, culprit [32]byte, err error) {
	if path == "" {
		return nil, culprit, nil
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, culprit, fmt.Errorf("open guard: %w", err)
	}
	if err := f.Truncate(guardSize); err != nil {
		return nil, culprit, errors.Join(fmt.Errorf("open guard: %w", err), f.Close())
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, guardSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, culprit, errors.Join(fmt.Errorf("map guard: %w", err), f.Close())
	}
	g = &guard{file: f, mem: mem}
	if mem[0] == 1 {
		culprit = [32]byte(mem[1:33])
	}
	g.leave()
	return g, culprit, nil
}

func (g *guard) enter(hash [32]byte) {
	if g != nil {
		copy(g.mem[1:33], hash[:])
		g.mem[0] = 1
	}
}

func (g *guard) leave() {
	if g != nil {
		g.mem[0] = 0
	}
}

func (g *guard) close() {
	if g != nil && g.mem != nil {
		_ = syscall.Munmap(g.mem)
		_ = g.file.Close()
		g.mem = nil
	}
}
