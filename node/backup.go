package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/atomicfile"
	"github.com/upprop/upprop/node/backup"
)

// Files of a backup beside the replica. The campus root goes along only under
// a passphrase, as it does when it is exported.
const (
	backupKey   = "node.key"
	backupWeb   = "web.key"
	backupAbout = "node.json"
	backupRoot  = "root.key"
	// backupCounts is of nobody, and nowhere else.
	backupCounts = "statistics.json"
)

// Backup writes this node to a new file: its identity and its replica, without
// any key to names. Under a passphrase, if one is given, with the campus root
// where it is here. Durable when it returns; on an error there is no file.
func (n *Node) Backup(path, passphrase string) (err error) {
	files := []struct{ name, path string }{{backupAbout, n.folder.about()}, {backupKey, n.folder.key()}, {backupWeb, n.folder.webKey()}, {backupCounts, n.folder.statistics()}}
	if passphrase != "" {
		files = append(files, struct{ name, path string }{backupRoot, n.folder.root()})
	}
	var parts []backup.File
	for _, f := range files {
		b, err := os.ReadFile(f.path)
		if errors.Is(err, fs.ErrNotExist) && f.name != backupAbout && f.name != backupKey {
			continue
		}
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		parts = append(parts, backup.File{Name: f.name, Data: b})
	}
	// On record first: a copy that nobody can trace must not be.
	if err := n.onRecord("backup.make", ""); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	about := backup.About{Campus: n.CampusName(), Node: n.Self().Name, Release: n.cfg.Release, Made: n.cfg.Now().UTC()}
	if err := backup.Write(f, about, parts, n.store, passphrase); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// RestoreOptions say what is restored, and where.
type RestoreOptions struct {
	Dir, Path, Passphrase string
	OpenStore             func(dir string) (store.Store, error)
}

// Restore makes a node of a backup, in a folder that holds none. When it
// returns without error all of it is durable; on an error the folder is no
// node, and Restore can be tried again. The node that was backed up must not
// run any more: two of it are one too many, and both say so.
func Restore(o RestoreOptions) (about backup.About, err error) {
	if o.OpenStore == nil {
		o.OpenStore = openDisk(slog.New(slog.DiscardHandler))
	}
	in, err := os.Open(o.Path)
	if err != nil {
		return about, fmt.Errorf("restore: %w", err)
	}
	defer in.Close()
	folder := Folder(o.Dir)
	if err := folder.vacant(); err != nil {
		return about, err
	}
	made := false
	db := folder.database() + ".restoring"
	defer func() {
		if err != nil && made {
			err = errors.Join(err, os.RemoveAll(db))
		}
	}()
	var s store.Store
	files := map[string][]byte{}
	lazy := &lateStore{open: func() (store.Store, error) {
		if err := makeDir(filepath.Clean(o.Dir)); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
		made = true
		if err := os.RemoveAll(db); err != nil {
			return nil, fmt.Errorf("restore: %w", err)
		}
		return o.OpenStore(db)
	}}
	err = backup.Read(in, o.Passphrase,
		func(a backup.About) (err error) { about = a; s, err = lazy.open(); lazy.Store = s; return err },
		func(f backup.File) error { files[f.Name] = f.Data; return nil }, lazy)
	if s != nil {
		err = errors.Join(err, s.Close())
	}
	if err != nil {
		return about, err
	}
	return about, folder.settle(db, files)
}

// lateStore is a store that is opened when there is something for it.
type lateStore struct {
	store.Store
	open func() (store.Store, error)
}

// vacant says why a folder cannot become a node: it is one, or holds what is
// left of one.
func (f Folder) vacant() error {
	if _, err := f.load(); err == nil {
		return ErrIsNode
	} else if !errors.Is(err, ErrNoNode) {
		return err
	}
	for _, p := range []string{f.key(), f.database(), f.vault()} {
		if _, err := os.Lstat(p); err == nil {
			return errors.New("this data folder is not empty: choose a new one with --data, so that nothing in it is overwritten")
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("restore: %w", err)
		}
	}
	return nil
}

// restored is node.json with the word that it comes from a backup.
func restored(b []byte) ([]byte, error) {
	var a about
	if json.Unmarshal(b, &a) != nil || a.Format < 1 {
		return nil, backup.ErrDamaged
	}
	if a.Format > folderVersion {
		return nil, ErrNewerData
	}
	a.Restored = true
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	return append(b, '\n'), nil
}

// settle makes a node of what was read; node.json is the last step. An error
// takes back what it has done; a crash leaves a folder that is no node.
func (f Folder) settle(db string, files map[string][]byte) (err error) {
	if len(files[backupKey]) == 0 || len(files[backupAbout]) == 0 {
		return backup.ErrDamaged
	}
	parts := []struct{ name, path string }{
		{backupKey, f.key()}, {backupWeb, f.webKey()}, {backupRoot, f.root()}, {backupCounts, f.statistics()}, {backupAbout, f.about()},
	}
	defer func() {
		if err == nil {
			return
		}
		err = errors.Join(err, os.RemoveAll(f.database()))
		for _, p := range parts {
			if gone := os.Remove(p.path); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}()
	if files[backupAbout], err = restored(files[backupAbout]); err != nil {
		return err
	}
	if err := os.Rename(db, f.database()); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for _, to := range parts {
		if b := files[to.name]; len(b) > 0 {
			// Its name is made durable before the next.
			if err := atomicfile.Replace(to.path, b); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
		}
	}
	_, err = f.load()
	return err
}

// voidTokens withdraws the tokens that this node had out when a backup was
// made, if it was restored from one and has not run since: it cannot know which
// of them were used. Until that is done it does not start.
func (n *Node) voidTokens() error {
	if !n.about.Restored {
		return nil
	}
	count, err := n.desk.VoidAll()
	if err != nil {
		return err
	}
	n.about.Restored = false
	if err := n.folder.save(n.about); err != nil {
		return err
	}
	n.log.Info("restored from a backup; tokens withdrawn", "count", count)
	return nil
}
