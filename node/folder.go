package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/atomicfile"
)

// Folder is a node's data folder. Everything a node must keep is in it.
type Folder string

// folderVersion is the format of the folder that this release writes.
const folderVersion = 1

func (f Folder) path(name string) string { return filepath.Join(string(f), name) }

// Socket is where the running node takes commands.
func (f Folder) Socket() string { return f.path("upprop.sock") }

func (f Folder) key() string        { return f.path("node.key") }
func (f Folder) root() string       { return f.path("root.key") }
func (f Folder) about() string      { return f.path("node.json") }
func (f Folder) database() string   { return f.path("db") }
func (f Folder) keyring() string    { return f.path("audience.keys") }
func (f Folder) vault() string      { return f.path("vault.keys") }
func (f Folder) webKey() string     { return f.path("web.key") }
func (f Folder) letters() string    { return f.path("notices.keys") }
func (f Folder) notices() string    { return f.path("notices.json") }
func (f Folder) guard() string      { return f.path("applying") }
func (f Folder) triggers() string   { return f.path("triggers.json") }
func (f Folder) printer() string    { return f.path("printer.json") }
func (f Folder) statistics() string { return f.path("statistics.json") }
func (f Folder) labels() string     { return f.path("labels.json") }
func (f Folder) feeds() string      { return f.path("feeds.json") }

// about is what node.json says: which campus the node is in.
type about struct {
	Format int    `json:"format"`
	Root   []byte `json:"root"`
	Listen string `json:"listen"`
	HTTP   string `json:"http,omitempty"`
	// Restored: the node has not run since it was made of a backup, and does not
	// know which of its tokens were used meanwhile.
	Restored bool `json:"restored,omitempty"`
}

// unusable is what to do where a path can be no data folder.
const unusable = "name a folder with --data that this user can write to"

// Errors about a data folder, each one line that says what to do.
var (
	ErrNoNode     = errors.New("there is no node in this data folder: make a campus with `upprop init`, or join one with `upprop join`")
	ErrIsNode     = errors.New("this data folder holds a node already: start it with `upprop run`, or choose another --data")
	errUnfinished = errors.New("this data folder holds a campus that `upprop init` did not finish: run the same init again, or choose another --data")
	ErrNewerData  = errors.New("this data folder was written by a newer release of upprop: install that release, or restore a backup made by this one")
)

func (f Folder) load() (about, error) {
	var a about
	b, err := os.ReadFile(f.about())
	if errors.Is(err, fs.ErrNotExist) {
		return a, ErrNoNode
	}
	if err != nil {
		return a, fmt.Errorf("read data folder: %w: %s", err, unusable)
	}
	if err := json.Unmarshal(b, &a); err != nil || a.Format < 1 || len(a.Root) != 32 {
		return a, fmt.Errorf("read data folder: node.json is damaged: restore it from a backup")
	}
	if a.Format > folderVersion {
		return a, ErrNewerData
	}
	return a, nil
}

// save makes node.json, the last step of becoming a node; durable when it
// returns.
func (f Folder) save(a about) error {
	a.Format = folderVersion
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("write data folder: %w", err)
	}
	if err := atomicfile.Replace(f.about(), append(b, '\n')); err != nil {
		return fmt.Errorf("write data folder: %w", err)
	}
	return nil
}

// prepare makes the folder for a new node. A key left by an attempt that did
// not come through stays in use, so that the same token can be tried again.
func (f Folder) prepare() (*identity.Key, error) {
	if _, err := f.load(); err == nil {
		return nil, ErrIsNode
	} else if !errors.Is(err, ErrNoNode) {
		return nil, err
	}
	if err := makeDir(filepath.Clean(string(f))); err != nil {
		return nil, fmt.Errorf("make data folder: %w: %s", err, unusable)
	}
	key, err := identity.LoadKey(f.key())
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = identity.NewKey(); err != nil {
		return nil, err
	}
	if err := key.Save(f.key()); err != nil {
		return nil, fmt.Errorf("make data folder: %w: %s", err, unusable)
	}
	return key, nil
}

// foundRoot is the root of a new campus, durable. One left by an attempt that
// did not come through stays in use: nobody else has heard of it.
func (f Folder) foundRoot(campus string) (*identity.Root, error) {
	root, err := identity.LoadRoot(f.root())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if root, err = identity.NewRoot(campus); err != nil {
			return nil, err
		}
		return root, root.Save(f.root())
	case err != nil:
		return nil, err
	case root.Name() != campus:
		return nil, fmt.Errorf("%w (%s)", errUnfinished, root.Name())
	}
	return root, nil
}

// makeDir makes a folder, and those above it that are missing, for this user
// alone and makes their names durable.
func makeDir(dir string) error {
	above := filepath.Dir(dir)
	if info, err := os.Stat(dir); above == dir || err == nil && info.IsDir() {
		return nil
	}
	if err := makeDir(above); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// A folder may be made where its surroundings must not be read.
	if err := syncDir(above); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync data folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
