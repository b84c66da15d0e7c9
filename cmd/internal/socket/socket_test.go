package socket

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// talk checks that what dials path reaches l.
func talk(t *testing.T, l net.Listener, path string) {
	t.Helper()
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("hej")); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if b, err := io.ReadAll(c); err != nil || string(b) != "hej" {
		t.Fatal(string(b), err)
	}
}

func TestListenAndDial(t *testing.T) {
	for name, dir := range map[string]string{
		"short": t.TempDir(),
		"long":  filepath.Join(t.TempDir(), strings.Repeat("d", 120)),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "upprop.sock")
			if _, err := Dial(t.Context(), path); err == nil {
				t.Fatal("nobody answers")
			}
			l, err := Listen(path)
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Error(err, info.Mode())
			}
			talk(t, l, path)
			if _, err := Listen(path); !errors.Is(err, ErrInUse) {
				t.Error("a live socket is replaced:", err)
			}
			// The attempt's connection waits in line; the socket still works.
			if s, err := l.Accept(); err == nil {
				_ = s.Close()
			}
			talk(t, l, path)
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Error("the socket stays behind:", err)
			}
		})
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "upprop.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	talk(t, l, path)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
