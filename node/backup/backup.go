// Package backup writes a node to one file and makes a node of it again. It
// knows files and a store's keys and values; it is not a place for rules about
// what they mean.
//
// A backup holds what makes the node itself (its key and papers) and its whole
// replica. It holds none of the keys in the vault: whatever is erased after it
// was made stays erased when it is put back, and its file opens no name.
//
// Invariant: a folder that Restore has not finished is no node, and Restore
// finishes only what it has read to the end and found whole.
package backup

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"filippo.io/age"

	"github.com/upprop/upprop/crdt/store"
)

// format is the version of the file that this release writes.
const format = 1

const (
	aboutName = "upprop-backup.json" // the first entry
	endName   = "end.json"           // the last
	partName  = "db/%06d"
	partSize  = 4 << 20
	// MinPassphrase is the shortest passphrase, in bytes.
	MinPassphrase = 8
)

// maxEntry bounds one entry of a file that is read, and maxRow one key or
// value in it; a day's largest value is far below.
const (
	maxEntry = 64 << 20
	maxRow   = 32 << 20
)

// Errors about a file, each a line that says what to do.
var (
	ErrNotBackup  = errors.New("this is no backup of a node: look for the file that `upprop backup` wrote")
	ErrNewer      = errors.New("this backup was written by a newer release of upprop: install that release")
	ErrDamaged    = errors.New("this backup is damaged or was cut short, and nothing was restored: use another copy of it")
	ErrPassphrase = errors.New("this backup is under a passphrase, and the one given does not open it: give the right one with --passphrase-file")
	ErrShort      = fmt.Errorf("a passphrase of a backup has %d characters at least: choose a longer one", MinPassphrase)
)

// About says whose backup a file is.
type About struct {
	Format  int       `json:"format"`
	Campus  string    `json:"campus"`
	Node    string    `json:"node"`
	Release string    `json:"release,omitempty"`
	Made    time.Time `json:"made"`
}

// File is one small file of the folder.
type File struct {
	Name string
	Data []byte
}

// end closes a file: a digest of all entries before it, and how many rows
// they hold.
type end struct {
	SHA256 []byte `json:"sha256"`
	Rows   int    `json:"rows"`
}

// Write writes a backup of a store, as it stands at one moment, and some files
// beside it. A passphrase puts all of it under age's scrypt recipient
// (age-encryption.org/v1).
func Write(w io.Writer, about About, files []File, s store.Store, passphrase string) (err error) {
	if passphrase != "" {
		if len(passphrase) < MinPassphrase {
			return ErrShort
		}
		to, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		sealed, err := age.Encrypt(w, to)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		defer func() { err = errors.Join(err, sealed.Close()) }()
		return write(sealed, about, files, s)
	}
	return write(w, about, files, s)
}

func write(w io.Writer, about About, files []File, s store.Store) error {
	about.Format = format
	zip := gzip.NewWriter(w)
	out := &writer{tar: tar.NewWriter(zip), sum: sha256.New(), at: about.Made}
	if err := out.json(aboutName, about); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, f := range files {
		if err := out.entry(f.Name, f.Data); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	rows, err := out.rows(s)
	if err == nil {
		err = out.json(endName, end{SHA256: out.sum.Sum(nil), Rows: rows})
	}
	if err = errors.Join(err, out.tar.Close(), zip.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

type writer struct {
	tar *tar.Writer
	sum hash.Hash
	at  time.Time
}

func (w *writer) json(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.entry(name, append(b, '\n'))
}

func (w *writer) entry(name string, data []byte) error {
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: w.at}); err != nil {
		return err
	}
	add(w.sum, name, data)
	_, err := w.tar.Write(data)
	return err
}

// add takes an entry into the digest; the lengths keep two entries apart.
func add(sum hash.Hash, name string, data []byte) {
	var b []byte
	b = binary.AppendUvarint(b, uint64(len(name)))
	b = append(b, name...)
	b = binary.AppendUvarint(b, uint64(len(data)))
	_, _ = sum.Write(b)
	_, _ = sum.Write(data)
}

// rows writes every key and value, in parts.
func (w *writer) rows(s store.Store) (rows int, err error) {
	var part []byte
	n := 0
	flush := func() error {
		if len(part) == 0 {
			return nil
		}
		n++
		err := w.entry(fmt.Sprintf(partName, n), part)
		part = part[:0]
		return err
	}
	err = s.Scan(nil, nil, func(k, v []byte) error {
		for _, b := range [][]byte{k, v} {
			part = binary.AppendUvarint(part, uint64(len(b)))
			part = append(part, b...)
		}
		rows++
		if len(part) < partSize {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return rows, err
}

// open finds the entries of a file, whatever it rests under, and what they are
// read from.
func open(r io.Reader, passphrase string) (*tar.Reader, io.Reader, error) {
	in := bufio.NewReader(r)
	begin, _ := in.Peek(22)
	if string(begin) == "age-encryption.org/v1\n" {
		id, err := age.NewScryptIdentity(passphrase)
		if err != nil {
			return nil, nil, ErrPassphrase
		}
		plain, err := age.Decrypt(in, id)
		if err != nil {
			return nil, nil, ErrPassphrase
		}
		in = bufio.NewReader(plain)
	}
	zip, err := gzip.NewReader(in)
	if err != nil {
		return nil, nil, ErrNotBackup
	}
	return tar.NewReader(zip), zip, nil
}
