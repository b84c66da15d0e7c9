package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
)

// Errors of the files that hold keys, matched with errors.Is.
var (
	// ErrNewerFile means that a newer release wrote the file.
	ErrNewerFile = errors.New("a newer release of upprop wrote this file: run that release")
	// ErrDamagedFile means that the file is not what was written.
	ErrDamagedFile = errors.New("the file is damaged or of another kind: restore it from a backup")
)

// Key is a node's Ed25519 key pair. It is immutable and safe for concurrent
// use; it prints as its public id only.
type Key struct {
	priv ed25519.PrivateKey
}

// NewKey makes a key from the system's random source.
func NewKey() (*Key, error) {
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make node key: %w", err)
	}
	return &Key{priv: priv}, nil
}

// LoadKey reads a file that Save wrote. Errors: fs.ErrNotExist, ErrNewerFile,
// ErrDamagedFile.
func LoadKey(path string) (*Key, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("load node key: %w", err)
	}
	f, err := decodeKeyFile(nodeKeyMagic, b)
	if err != nil {
		return nil, fmt.Errorf("load node key %s: %w", path, err)
	}
	return &Key{priv: ed25519.NewKeyFromSeed(f.Seed)}, nil
}

// Save writes the key to a new file of mode 0600, durable when it returns. It
// refuses with fs.ErrExist to replace a file.
func (k *Key) Save(path string) error {
	if err := writeNew(path, encodeKeyFile(nodeKeyMagic, "", k.priv)); err != nil {
		return fmt.Errorf("save node key: %w", err)
	}
	return nil
}

// Public is the public half; the caller must not change it.
func (k *Key) Public() ed25519.PublicKey { return k.priv.Public().(ed25519.PublicKey) }

// Private is the private half, for the network layer's handshake only; the
// caller must not change or keep a copy of it.
func (k *Key) Private() ed25519.PrivateKey { return k.priv }

// ID is the NodeID of the public half.
func (k *Key) ID() NodeID { return IDOf(k.Public()) }

// SignerID is ID, so that a Key is a [Signer].
func (k *Key) SignerID() NodeID { return k.ID() }

// Sign signs msg for one purpose. A signature for one domain never verifies in
// another. domain must not hold a zero byte.
func (k *Key) Sign(domain string, msg []byte) []byte {
	return ed25519.Sign(k.priv, separated(domain, msg))
}

// String is the public id.
func (k *Key) String() string { return "node key " + k.ID().Short() }

// GoString is String, so that no verb prints the private half.
func (k *Key) GoString() string { return k.String() }

// Verify reports whether sig is pub's signature of msg in domain.
func Verify(pub ed25519.PublicKey, domain string, msg, sig []byte) bool {
	return len(pub) == ed25519.PublicKeySize && ed25519.Verify(pub, separated(domain, msg), sig)
}

func separated(domain string, msg []byte) []byte {
	b := make([]byte, 0, len("upprop//1\x00")+len(domain)+len(msg))
	b = append(b, "upprop/"...)
	b = append(b, domain...)
	b = append(b, "/1\x00"...)
	return append(b, msg...)
}

// The first line of a key file is its kind; the digit is the version.
const (
	nodeKeyMagic = "upprop node key "
	rootKeyMagic = "upprop campus root "
	exportMagic  = "upprop campus root export "
	fileVersion  = "1\n"
)

type keyFile struct {
	Seed []byte `cbor:"1,keyasint"`
	Pub  []byte `cbor:"2,keyasint"` // repeats what follows from Seed, to notice damage
	Name string `cbor:"3,keyasint,omitempty"`
}

func encodeKeyFile(magic, name string, priv ed25519.PrivateKey) []byte {
	f := keyFile{Seed: priv.Seed(), Pub: priv.Public().(ed25519.PublicKey), Name: name}
	return append([]byte(magic+fileVersion), marshal(f)...)
}

func decodeKeyFile(magic string, b []byte) (keyFile, error) {
	body, err := cutMagic(magic, b)
	if err != nil {
		return keyFile{}, err
	}
	f, err := unmarshal[keyFile](body, maxFile)
	if err != nil || len(f.Seed) != ed25519.SeedSize {
		return keyFile{}, ErrDamagedFile
	}
	pub := ed25519.NewKeyFromSeed(f.Seed).Public().(ed25519.PublicKey)
	if !bytes.Equal(pub, f.Pub) {
		return keyFile{}, ErrDamagedFile
	}
	return f, nil
}

func cutMagic(magic string, b []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, ErrDamagedFile
	}
	if body, ok := bytes.CutPrefix(rest, []byte(fileVersion)); ok {
		return body, nil
	}
	if v, _, ok := bytes.Cut(rest, []byte("\n")); ok && len(v) > 0 && len(v) <= 3 && v[0] >= '1' && v[0] <= '9' {
		return nil, ErrNewerFile
	}
	return nil, ErrDamagedFile
}
