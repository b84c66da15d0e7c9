package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// KDF is the cost of deriving a key from what a person types: argon2id (RFC
// 9106).
type KDF struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultKDF takes 64 MiB and some 100 ms of a small computer.
var DefaultKDF = KDF{Time: 3, Memory: 64 << 10, Threads: 4}

const saltSize = 16

// good bounds what a file may ask of the machine that opens it.
func (k KDF) good() bool {
	return k.Time >= 1 && k.Time <= 64 && k.Threads >= 1 && k.Threads <= 16 &&
		k.Memory >= 8*uint32(k.Threads) && k.Memory <= 1<<20
}

func newSalt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	return salt
}

// aead derives a cipher; it takes the time and memory that k says. Errors:
// ErrFormat for a cost out of bounds.
func (k KDF) aead(typed, salt []byte) (cipher.AEAD, error) {
	if !k.good() {
		return nil, fmt.Errorf("cost of a passphrase or PIN out of bounds: %w", ErrFormat)
	}
	key := argon2.IDKey(typed, salt, k.Time, k.Memory, k.Threads, keySize)
	defer clear(key)
	return chacha20poly1305.NewX(key)
}

// sealBox encrypts under a random nonce, which it puts in front.
func sealBox(a cipher.AEAD, plain, ad []byte) []byte {
	out := make([]byte, a.NonceSize(), a.NonceSize()+len(plain)+a.Overhead())
	_, _ = rand.Read(out) // never fails
	return a.Seal(out, out, plain, ad)
}

func openBox(a cipher.AEAD, box, ad []byte) ([]byte, error) {
	if len(box) < a.NonceSize() {
		return nil, ErrFormat
	}
	return a.Open(nil, box[:a.NonceSize()], box[a.NonceSize():], ad)
}
