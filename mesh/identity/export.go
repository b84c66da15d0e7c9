package identity

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// MinPassphrase is the shortest passphrase that Export takes, in characters.
const MinPassphrase = 8

// Errors of Export and Restore, matched with errors.Is.
var (
	// ErrPassphrase means that the file is whole but does not open.
	ErrPassphrase = errors.New("the passphrase is wrong: check capitals and keyboard layout, then try again")
	// ErrAltered means that the file is not as Export wrote it.
	ErrAltered = errors.New("the exported root is damaged or was altered: use another copy of it")
	// ErrWeakPassphrase means that the passphrase is too short to protect the root.
	ErrWeakPassphrase = fmt.Errorf("the passphrase is too short: use at least %d characters, better six random words", MinPassphrase)
)

// The cost of guessing one passphrase: RFC 9106's second recommendation. The
// bounds keep a forged header from asking for a year or all memory.
const (
	argonTime, minTime, maxTime          = 3, 1, 16
	argonMemory, minMemory, maxMemory    = 64 << 10, 8 << 10, 1 << 20 // KiB
	argonThreads, minThreads, maxThreads = 4, 1, 16
)

type exportHeader struct {
	Time    uint32 `cbor:"1,keyasint"`
	Memory  uint32 `cbor:"2,keyasint"` // KiB
	Threads uint8  `cbor:"3,keyasint"`
	Salt    []byte `cbor:"4,keyasint"`
	Nonce   []byte `cbor:"5,keyasint"`
}

type exportFile struct {
	Header exportHeader `cbor:"1,keyasint"`
	Box    []byte       `cbor:"2,keyasint"`
}

// Export writes the root sealed under a passphrase. Whoever has both can issue
// and revoke everything in the campus.
func (r *Root) Export(w io.Writer, passphrase string) error {
	if utf8.RuneCountInString(passphrase) < MinPassphrase {
		return fmt.Errorf("export campus root: %w", ErrWeakPassphrase)
	}
	h := exportHeader{
		Time: argonTime, Memory: argonMemory, Threads: argonThreads,
		Salt: make([]byte, 16), Nonce: make([]byte, chacha20poly1305.NonceSizeX),
	}
	rand.Read(h.Salt)
	rand.Read(h.Nonce)
	aead, err := chacha20poly1305.NewX(h.stretch(passphrase))
	if err != nil {
		return fmt.Errorf("export campus root: %w", err)
	}
	box := aead.Seal(nil, h.Nonce, encodeKeyFile(rootKeyMagic, r.name, r.key.priv), h.associated())
	out := append([]byte(exportMagic+fileVersion), marshal(exportFile{Header: h, Box: box})...)
	sum := sha256.Sum256(out)
	if _, err := w.Write(append(out, sum[:]...)); err != nil {
		return fmt.Errorf("export campus root: %w", err)
	}
	return nil
}

// RestoreRoot reads what Export wrote. Errors: ErrPassphrase, ErrAltered,
// ErrNewerFile, the reader's.
func RestoreRoot(r io.Reader, passphrase string) (*Root, error) {
	b, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("restore campus root: %w", err)
	}
	root, err := openExport(b, passphrase)
	if err != nil {
		return nil, fmt.Errorf("restore campus root: %w", err)
	}
	return root, nil
}

func openExport(b []byte, passphrase string) (*Root, error) {
	body, err := cutMagic(exportMagic, b)
	if errors.Is(err, ErrNewerFile) {
		return nil, err
	}
	if err != nil || len(body) < sha256.Size {
		return nil, ErrAltered
	}
	// The checksum tells a damaged file from a wrong passphrase; it is no
	// protection against a forger, which is the sealing's business.
	whole := b[:len(b)-sha256.Size]
	if sum := sha256.Sum256(whole); subtle.ConstantTimeCompare(sum[:], b[len(whole):]) != 1 {
		return nil, ErrAltered
	}
	f, err := unmarshal[exportFile](body[:len(body)-sha256.Size], maxFile)
	if err != nil || !f.Header.sane() {
		return nil, ErrAltered
	}
	aead, err := chacha20poly1305.NewX(f.Header.stretch(passphrase))
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, f.Header.Nonce, f.Box, f.Header.associated())
	if err != nil {
		return nil, ErrPassphrase
	}
	k, err := decodeKeyFile(rootKeyMagic, plain)
	if err != nil {
		return nil, ErrAltered
	}
	return rootFrom(k)
}

func (h exportHeader) sane() bool {
	return h.Time >= minTime && h.Time <= maxTime &&
		h.Memory >= minMemory && h.Memory <= maxMemory &&
		h.Threads >= minThreads && h.Threads <= maxThreads &&
		len(h.Salt) == 16 && len(h.Nonce) == chacha20poly1305.NonceSizeX
}

func (h exportHeader) stretch(passphrase string) []byte {
	return argon2.IDKey([]byte(passphrase), h.Salt, h.Time, h.Memory, h.Threads, chacha20poly1305.KeySize)
}

func (h exportHeader) associated() []byte {
	return bytes.Join([][]byte{[]byte(exportMagic + fileVersion), marshal(h)}, nil)
}
