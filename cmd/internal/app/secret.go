package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// SecretFile is the file in the data folder that holds the token for programs
// that come over HTTP.
const SecretFile = "api.token"

// openSecret reads the token, or makes it at the first run. Deleting the file
// and starting anew makes another.
func (a *App) openSecret() error {
	path := filepath.Join(string(a.node.Folder()), SecretFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		a.secret = rand.Text()
		return keepSecret(path, a.secret)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", SecretFile, err)
	}
	a.secret = strings.TrimSpace(string(b))
	if len(a.secret) < 20 {
		return fmt.Errorf("%s in the data folder is too short to be safe: delete it, and a new one is made", SecretFile)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("protect %s: %w", SecretFile, err)
	}
	return nil
}

func keepSecret(path, secret string) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("make %s: %w", SecretFile, err)
	}
	_, err = f.WriteString(secret + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return fmt.Errorf("make %s: %w", SecretFile, err)
	}
	return nil
}
