package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// CampusID names a campus: the first 16 bytes of the SHA-256 of its root key.
type CampusID [16]byte

// String is the id as 32 lower-case hex digits.
func (c CampusID) String() string { return hex.EncodeToString(c[:]) }

// Pin is the SHA-256 of a root key: what a token carries, so that a new node
// can tell the right campus from any other.
type Pin [32]byte

// PinOf is the Pin of a root public key.
func PinOf(root ed25519.PublicKey) Pin { return sha256.Sum256(root) }

// Campus is the campus that the pinned root founded.
func (p Pin) Campus() CampusID { return CampusID(p[:16]) }

// CampusOf is the campus of a root public key.
func CampusOf(root ed25519.PublicKey) CampusID { return PinOf(root).Campus() }

// Root is the campus root: the key at which every chain of signatures ends,
// and the campus' name. It is immutable and safe for concurrent use.
type Root struct {
	key  Key
	name string
}

// NewRoot founds a campus.
func NewRoot(name string) (*Root, error) {
	if err := CheckName(name); err != nil {
		return nil, fmt.Errorf("make campus root: %w", err)
	}
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make campus root: %w", err)
	}
	return &Root{key: Key{priv: priv}, name: name}, nil
}

// LoadRoot reads a file that Save wrote. Errors: fs.ErrNotExist, ErrNewerFile,
// ErrDamagedFile.
func LoadRoot(path string) (*Root, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("load campus root: %w", err)
	}
	f, err := decodeKeyFile(rootKeyMagic, b)
	if err != nil {
		return nil, fmt.Errorf("load campus root %s: %w", path, err)
	}
	return rootFrom(f)
}

func rootFrom(f keyFile) (*Root, error) {
	if err := CheckName(f.Name); err != nil {
		return nil, ErrDamagedFile
	}
	return &Root{key: Key{priv: ed25519.NewKeyFromSeed(f.Seed)}, name: f.Name}, nil
}

// Save writes the root to a new file of mode 0600, durable when it returns. It
// refuses with fs.ErrExist to replace a file.
func (r *Root) Save(path string) error {
	if err := writeNew(path, encodeKeyFile(rootKeyMagic, r.name, r.key.priv)); err != nil {
		return fmt.Errorf("save campus root: %w", err)
	}
	return nil
}

// Name is the campus' name.
func (r *Root) Name() string { return r.name }

// Public is the root's public key; the caller must not change it.
func (r *Root) Public() ed25519.PublicKey { return r.key.Public() }

// Pin is what tokens carry of the root.
func (r *Root) Pin() Pin { return PinOf(r.Public()) }

// Campus is the id of the campus.
func (r *Root) Campus() CampusID { return CampusOf(r.Public()) }

// SignerID is the zero NodeID: in a record it stands for the root.
func (r *Root) SignerID() NodeID { return NodeID{} }

// Sign signs msg for one purpose, as [Key.Sign] does.
func (r *Root) Sign(domain string, msg []byte) []byte { return r.key.Sign(domain, msg) }

// Private is the private half, for what else hangs on the root (the campus'
// web certificates); the caller must not change or keep a copy of it.
func (r *Root) Private() ed25519.PrivateKey { return r.key.priv }

// String is the campus id.
func (r *Root) String() string { return "campus root " + r.Campus().String() }

// GoString is String, so that no verb prints the private half.
func (r *Root) GoString() string { return r.String() }
