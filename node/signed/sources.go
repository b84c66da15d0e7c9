package signed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/upprop/upprop/node/atomicfile"
)

// sourcesFile is what the file of a node's sources says.
type sourcesFile[S any] struct {
	Format  int `json:"format"`
	Sources []S `json:"sources"`
}

// ReadSources reads the sources of one kind that a node has set up, and sees to
// it that nobody but its user reads their secrets; none where there is no such
// file. what names them in errors: "triggers". A file with more than most, or
// with one that sound denies, is damaged.
func ReadSources[S any](path, what string, most int, sound func(S) bool) ([]S, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	var f sourcesFile[S]
	if err := json.Unmarshal(b, &f); err != nil || f.Format != 1 || len(f.Sources) > most {
		return nil, fmt.Errorf("read the %s: %s is damaged or of a newer release", what, filepath.Base(path))
	}
	for _, x := range f.Sources {
		if !sound(x) {
			return nil, fmt.Errorf("read the %s: %s is damaged", what, filepath.Base(path))
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("protect the %s: %w", what, err)
	}
	return f.Sources, nil
}

// WriteSources replaces the file whole, durably, for this user alone.
func WriteSources[S any](path, what string, all []S) error {
	b, err := json.MarshalIndent(sourcesFile[S]{1, all}, "", "  ")
	if err != nil {
		return fmt.Errorf("save the %s: %w", what, err)
	}
	if err := atomicfile.Replace(path, append(b, '\n')); err != nil {
		return fmt.Errorf("save the %s: %w", what, err)
	}
	return nil
}

// From is which of the sources signed a message; false when none did.
func From[S any](m Message, all []S, secret func(S) []byte) (from S, ok bool) {
	secrets := make([][]byte, len(all))
	for i, x := range all {
		secrets[i] = secret(x)
	}
	i, ok := By(m, secrets)
	if ok {
		from = all[i]
	}
	return from, ok
}
