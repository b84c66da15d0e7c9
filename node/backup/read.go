package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/upprop/upprop/crdt/store"
)

// Read reads a backup to its end: it calls begin with whose it is, file with
// each file and fills the store. The store and the files count only when it
// returns without error: what is wrong with a backup may show at its end.
// Errors: the ones above, those of the callbacks and of the store.
func Read(r io.Reader, passphrase string, begin func(About) error, file func(File) error, s store.Store) error {
	in, under, err := open(r, passphrase)
	if err != nil {
		return err
	}
	sum, rows, first := sha256.New(), 0, true
	for {
		name, data, err := next(in)
		switch {
		case err != nil && first:
			return ErrNotBackup
		case err != nil:
			return ErrDamaged
		case first:
			if err := start(name, data, begin); err != nil {
				return err
			}
			first = false
		case name == endName:
			var e end
			if json.Unmarshal(data, &e) != nil || e.Rows != rows || subtle.ConstantTimeCompare(e.SHA256, sum.Sum(nil)) != 1 {
				return ErrDamaged
			}
			// Also what stands behind the end must be whole: a file that was cut
			// in its last bytes is no copy to rely on.
			if _, _, err := next(in); !errors.Is(err, io.EOF) {
				return ErrDamaged
			}
			if _, err := io.Copy(io.Discard, under); err != nil {
				return ErrDamaged
			}
			return nil
		case strings.HasPrefix(name, "db/"):
			n, err := fill(s, data)
			if err != nil {
				return err
			}
			rows += n
		default:
			if err := file(File{Name: name, Data: data}); err != nil {
				return err
			}
		}
		add(sum, name, data)
	}
}

func start(name string, data []byte, begin func(About) error) error {
	var about About
	if name != aboutName || json.Unmarshal(data, &about) != nil || about.Format < 1 {
		return ErrNotBackup
	}
	if about.Format > format {
		return ErrNewer
	}
	return begin(about)
}

func next(in *tar.Reader) (name string, data []byte, err error) {
	h, err := in.Next()
	if err != nil {
		return "", nil, err
	}
	if h.Typeflag != tar.TypeReg || h.Size < 0 || h.Size > maxEntry {
		return "", nil, ErrDamaged
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, in, h.Size); err != nil {
		return "", nil, fmt.Errorf("read backup: %w", err)
	}
	return h.Name, b.Bytes(), nil
}

// fill puts the rows of one part into the store.
func fill(s store.Store, part []byte) (rows int, err error) {
	var b store.Batch
	for len(part) > 0 {
		var row [2][]byte
		for i := range row {
			n, used := binary.Uvarint(part)
			if used <= 0 || n > maxRow || n > uint64(len(part)-used) {
				return rows, ErrDamaged
			}
			row[i], part = part[used:used+int(n)], part[used+int(n):]
		}
		if len(row[0]) == 0 {
			return rows, ErrDamaged
		}
		b.Set(row[0], row[1])
		rows++
	}
	if err := s.Apply(&b); err != nil {
		return rows, fmt.Errorf("restore: %w", err)
	}
	return rows, nil
}
