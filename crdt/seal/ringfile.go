package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/upprop/upprop/crdt/record"
)

const (
	ringVersion = 1
	maxRingWire = 1 << 20
	maxRingKeys = 8192
)

type wireRing struct {
	_    struct{} `cbor:",toarray"`
	V    int
	Keys []wireKey
}

type wireKey struct {
	_        struct{} `cbor:",toarray"`
	Audience record.Audience
	Date     string
	Private  []byte
}

func encodeRing(keys map[KeyID]PrivateKey) ([]byte, error) {
	w := wireRing{V: ringVersion, Keys: []wireKey{}}
	if len(keys) > maxRingKeys {
		return nil, fmt.Errorf("encode %d keys: at most %d: %w", len(keys), maxRingKeys, ErrFormat)
	}
	for _, k := range sorted(keys) {
		raw, err := k.key.Bytes()
		if err != nil {
			return nil, fmt.Errorf("encode private key: %w", err)
		}
		// raw is the key's own memory: it must not be cleared.
		w.Keys = append(w.Keys, wireKey{Audience: k.pub.Audience, Date: k.pub.Date, Private: raw})
	}
	return encode(w), nil
}

func decodeRing(raw []byte) ([]PrivateKey, error) {
	// A newer version may have another shape: read its number first.
	if v, ok := ringVersionOf(raw); ok && v > ringVersion {
		return nil, ErrNewer
	}
	var w wireRing
	if err := decode("keys", raw, maxRingWire, &w); err != nil {
		return nil, err
	}
	if w.V != ringVersion || len(w.Keys) > maxRingKeys {
		return nil, fmt.Errorf("decode keys: %w", ErrFormat)
	}
	var out []PrivateKey
	for _, k := range w.Keys {
		if err := checkLabel(k.Audience, k.Date); err != nil {
			return nil, err
		}
		key, err := kem().NewPrivateKey(k.Private)
		clear(k.Private)
		if err != nil {
			return nil, fmt.Errorf("decode private key: %w", ErrFormat)
		}
		out = append(out, newPrivateKey(k.Audience, k.Date, key))
	}
	return out, nil
}

func ringVersionOf(raw []byte) (uint64, bool) {
	var any []any
	if len(raw) > maxRingWire || dec.Unmarshal(raw, &any) != nil || len(any) == 0 {
		return 0, false
	}
	v, ok := any[0].(uint64)
	return v, ok
}

// replaceFile puts raw in the file's place so that a cut leaves the old
// content or the new, then overwrites the old content where it lay. The old
// content keeps a name until that is done, so that eraseOld finds it after a
// cut.
func replaceFile(path string, raw []byte) error {
	tmp := path + ".new"
	if err := writeFile(tmp, raw); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := eraseOld(path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := os.Link(path, oldName(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return eraseOld(path)
}

func oldName(path string) string { return path + ".old" }

// eraseOld overwrites and removes what replaceFile has replaced. Where a cut
// came before the replacement, the old name is one more name of the file that
// still counts, and only the name goes.
func eraseOld(path string) error {
	was, err := os.Stat(oldName(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	is, err := os.Stat(path)
	if err != nil {
		return err // never destroy the only copy
	}
	if !os.SameFile(was, is) {
		if err := overwrite(oldName(path)); err != nil {
			return err
		}
	}
	if err := os.Remove(oldName(path)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeFile(path string, raw []byte) error {
	_ = os.Remove(path) // left by a cut; its mode may be another
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Sync(), f.Close())
}

func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, info.Size()), 0)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
