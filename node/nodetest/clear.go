package nodetest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// anyName is what every name begins with that is told at a door, and nothing else is
// called so.
const anyName = "Visitor "

// ears hear whether anything says a name in clear. Safe for concurrent use.
type ears struct {
	mu sync.Mutex
	// where it was heard first; empty: nowhere.
	where string
}

// hear listens to what is said somewhere.
func (e *ears) hear(said []byte, format string, where ...any) {
	if !bytes.Contains(said, []byte(anyName)) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.where == "" {
		e.where = fmt.Sprintf(format, where...)
	}
}

// Write implements what logs are written to.
func (e *ears) Write(line []byte) (int, error) {
	e.hear(line, "in a log: %q", line)
	return len(line), nil
}

// logger is a node's, which tells all.
func (e *ears) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(e, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// checkClear: no name has been said in clear.
func (c *Campus) checkClear() error {
	c.ears.mu.Lock()
	defer c.ears.mu.Unlock()
	if c.ears.where != "" {
		return violated("never in clear", "a name is told %s", c.ears.where)
	}
	return nil
}

// checkFiles: no name lies in clear on any machine, on or off, in its database or
// beside it. Costs more than all other checks of a step, so it is for now and then.
func (c *Campus) checkFiles() error {
	for _, h := range c.Houses {
		h.mu.Lock()
		disk := h.fs
		h.mu.Unlock()
		name, err := disk.Holding([]byte(anyName))
		if err == nil && name == "" {
			name, err = holding(h.dir)
		}
		if err != nil {
			return violated("goes on", "%s: %v", h.Name, err)
		}
		if name != "" {
			return violated("never in clear", "a name lies on the disk of %s, in %s", h.Name, name)
		}
	}
	return nil
}

// holding is a file under a folder in which a name lies; empty: there is none.
func holding(dir string) (found string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if bytes.Contains(raw, []byte(anyName)) {
			found = d.Name()
			return fs.SkipAll
		}
		return err
	})
	return found, err
}
