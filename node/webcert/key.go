package webcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Key is a node's web key. It prints nothing of its private half.
type Key struct{ key *ecdsa.PrivateKey }

// OpenKey reads the key in a file, or makes the file.
func OpenKey(path string) (*Key, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read web key: %w", err)
	}
	k, err := x509.ParseECPrivateKey(b)
	if err != nil || k.Curve != elliptic.P256() {
		return nil, errors.New("read web key: web.key is damaged: restore it from a backup, or let the node join again")
	}
	return &Key{k}, nil
}

func makeKey(path string) (*Key, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make web key: %w", err)
	}
	b, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		return nil, fmt.Errorf("make web key: %w", err)
	}
	if err := writeWhole(path, b); err != nil {
		return nil, fmt.Errorf("make web key: %w", err)
	}
	return &Key{k}, nil
}

// writeWhole makes a file that is there whole or not at all, also after a
// power cut; durable when it returns.
func writeWhole(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Public is the public half in PKIX form.
func (k *Key) Public() ([]byte, error) {
	b, err := x509.MarshalPKIXPublicKey(&k.key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("write web key: %w", err)
	}
	return b, nil
}

// String names the type alone.
func (k *Key) String() string { return "web key" }

// GoString is String.
func (k *Key) GoString() string { return k.String() }
