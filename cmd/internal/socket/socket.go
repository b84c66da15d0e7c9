// Package socket opens the Unix socket in a data folder, from both ends. It
// says nothing over it.
//
// Invariant: only the user who owns the data folder reaches the socket.
package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// maxPath is the longest name that a socket may have on every system.
const maxPath = 100

// ErrInUse means that a process answers at the socket.
var ErrInUse = errors.New("another upprop is already running on this data folder: stop it, or use another --data")

// Listen listens at path with mode 0600. A socket that a dead process left is
// replaced; one that is answered gives ErrInUse.
func Listen(path string) (net.Listener, error) {
	if c, err := Dial(context.Background(), path); err == nil {
		return nil, errors.Join(ErrInUse, c.Close())
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("replace old socket: %w", err)
	}
	name, dir, err := short(path)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	l, err := net.Listen("unix", name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open socket: %w", err), dir.Close())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("open socket: %w", err), l.Close(), dir.Close())
	}
	return &listener{Listener: l, dir: dir}, nil
}

// Dial connects to the socket at path. Errors: fs.ErrNotExist or a refused
// connection when nobody is there.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	name, dir, err := short(path)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 5 * time.Second}
	c, err := d.DialContext(ctx, "unix", name)
	return c, errors.Join(err, dir.Close())
}

// listener keeps the folder open for as long as the socket has its name by it.
type listener struct {
	net.Listener
	dir *folder
}

func (l *listener) Close() error { return errors.Join(l.Listener.Close(), l.dir.Close()) }

// folder is an open folder, or none.
type folder struct{ *os.File }

func (f *folder) Close() error {
	if f.File == nil {
		return nil
	}
	err := f.File.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// short is a name for path that fits into a socket's address: path itself or,
// where it is too long, one by way of its open folder.
func short(path string) (string, *folder, error) {
	if len(path) <= maxPath {
		return path, &folder{}, nil
	}
	const own = "/proc/self/fd"
	if _, err := os.Stat(own); err != nil {
		return "", &folder{}, fmt.Errorf("the path of the data folder is longer than %d bytes: choose a shorter one", maxPath-len("/upprop.sock"))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", &folder{}, err
	}
	return fmt.Sprintf("%s/%d/%s", own, dir.Fd(), filepath.Base(path)), &folder{dir}, nil
}
