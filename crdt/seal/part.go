package seal

import (
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// padBlock is what the length of a sealed part is rounded up to, so that
	// it tells little about a name or a phone number.
	padBlock = 64
	boxExtra = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
	maxBox   = MaxPart + padBlock + boxExtra
)

// sealPart seals plain under a fresh key and returns both. The caller clears
// the key.
func sealPart(st stamp, plain []byte) (key, box []byte, err error) {
	if len(plain) > MaxPart {
		return nil, nil, fmt.Errorf("%w: %d bytes of at most %d", ErrTooLong, len(plain), MaxPart)
	}
	key = make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	padded := pad(plain)
	defer clear(padded)
	box = make([]byte, chacha20poly1305.NonceSizeX, len(padded)+boxExtra)
	_, _ = rand.Read(box)
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, nil, err
	}
	return key, aead.Seal(box, box, padded, st.bind("upprop/part/1")), nil
}

func openPart(st stamp, key, box []byte) ([]byte, error) {
	if !goodBox(box) {
		return nil, ErrAltered
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	n := chacha20poly1305.NonceSizeX
	padded, err := aead.Open(nil, box[:n], box[n:], st.bind("upprop/part/1"))
	if err != nil {
		return nil, ErrAltered
	}
	return unpad(padded)
}

func goodBox(box []byte) bool {
	n := len(box) - boxExtra
	return n >= padBlock && n%padBlock == 0 && len(box) <= maxBox
}

// pad appends one 0x80 and zeros up to a whole number of blocks.
func pad(plain []byte) []byte {
	out := make([]byte, (len(plain)/padBlock+1)*padBlock)
	out[copy(out, plain)] = 0x80
	return out
}

func unpad(padded []byte) ([]byte, error) {
	for i := len(padded) - 1; i >= 0; i-- {
		switch padded[i] {
		case 0:
		case 0x80:
			return padded[:i:i], nil
		default:
			return nil, ErrAltered
		}
	}
	return nil, ErrAltered
}
