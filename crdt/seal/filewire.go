package seal

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

const (
	fileVersion  = 1
	maxVaultFile = 32 << 20
)

// wireFile is the vault's file. Body is a wireVault, in a box when there is a
// salt. Sum tells a damaged file from a wrong passphrase, and from keys that
// are whole and open nothing; it keeps nobody from changing the file.
type wireFile struct {
	_    struct{} `cbor:",toarray"`
	V    int
	KDF  wireKDF
	Body []byte
	Sum  []byte
}

// wireKDF is all zero where there is no passphrase.
type wireKDF struct {
	_       struct{} `cbor:",toarray"`
	Salt    []byte
	Time    uint32
	Memory  uint32
	Threads uint8
}

func (w wireKDF) decode() (KDF, error) {
	k := KDF{Time: w.Time, Memory: w.Memory, Threads: w.Threads}
	if !k.good() || len(w.Salt) != saltSize {
		return KDF{}, fmt.Errorf("decode vault: cost of a passphrase or PIN: %w", ErrFormat)
	}
	return k, nil
}

func (k KDF) wire(salt []byte) wireKDF {
	return wireKDF{Salt: salt, Time: k.Time, Memory: k.Memory, Threads: k.Threads}
}

func (w wireFile) sum() []byte {
	h := sha256.New()
	_, _ = h.Write(fileData(w.KDF))
	_, _ = h.Write(w.Body)
	return h.Sum(nil)
}

func fileData(k wireKDF) []byte { return append([]byte("upprop/vault/1"), encode(k)...) }

// sealFile is the content of the vault's file. The caller clears it.
func sealFile(s *state) ([]byte, error) {
	body, err := encodeState(s)
	if err != nil {
		return nil, err
	}
	defer clear(body)
	w := wireFile{V: fileVersion, KDF: wireKDF{Salt: []byte{}}, Body: body}
	if s.pass != nil {
		w.KDF = s.pass.kdf.wire(s.pass.salt)
		w.Body = sealBox(s.pass.aead, body, fileData(w.KDF))
	}
	w.Sum = w.sum()
	return encode(w), nil
}

// openFile reads what sealFile wrote. Errors: ErrPassphrase, ErrNewer,
// ErrFormat.
func openFile(raw, passphrase []byte) (*state, error) {
	w, err := decodeFile(raw)
	if err != nil {
		return nil, err
	}
	defer clear(w.Body)
	if len(w.KDF.Salt) == 0 {
		return decodeState(w.Body)
	}
	if len(passphrase) == 0 {
		return nil, ErrPassphrase
	}
	kdf, err := w.KDF.decode()
	if err != nil {
		return nil, err
	}
	a, err := kdf.aead(passphrase, w.KDF.Salt)
	if err != nil {
		return nil, err
	}
	body, err := openBox(a, w.Body, fileData(w.KDF))
	if err != nil {
		return nil, ErrPassphrase
	}
	defer clear(body)
	s, err := decodeState(body)
	if err != nil {
		return nil, err
	}
	s.pass = &passLock{kdf: kdf, salt: w.KDF.Salt, aead: a}
	return s, nil
}

func decodeFile(raw []byte) (wireFile, error) {
	var w wireFile
	// A newer version may have another shape: read its number first.
	if v, ok := versionOf(raw); ok && v > fileVersion {
		return w, ErrNewer
	}
	if err := decode("vault", raw, maxVaultFile, &w); err != nil {
		return w, err
	}
	if w.V != fileVersion || w.KDF.Salt == nil || w.Body == nil {
		return w, fmt.Errorf("decode vault: %w", ErrFormat)
	}
	if !bytes.Equal(w.Sum, w.sum()) {
		return w, fmt.Errorf("decode vault: the file is damaged: %w", ErrFormat)
	}
	if len(w.KDF.Salt) == 0 && (w.KDF.Time != 0 || w.KDF.Memory != 0 || w.KDF.Threads != 0) {
		return w, fmt.Errorf("decode vault: cost without a passphrase: %w", ErrFormat)
	}
	if len(w.KDF.Salt) > 0 {
		_, err := w.KDF.decode()
		return w, err
	}
	return w, nil
}
