// Package passkeytest is a device that holds passkeys, as a browser shows one to
// a page. It is for tests and does as it is told, also what no device would.
//
// Invariant: its answers differ from a true device's only where a test says so.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
)

// Device holds one passkey, and answers for a page at Origin.
type Device struct {
	Domain, Origin string
	// Unverified: it does not see to who holds it.
	Unverified bool
	// Count is what its counter says next, where it is not 0.
	Count uint32
	// ID is the passkey's, Handle whose it is.
	ID, Handle []byte
	key        *ecdsa.PrivateKey
}

// New is a device with a key that nobody knows yet.
func New(domain, origin string) *Device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &Device{Domain: domain, Origin: origin, ID: id, key: key}
}

// options are what both questions have.
type options struct {
	Challenge string `json:"challenge"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
}

var b64 = base64.RawURLEncoding

// Make answers the question for a new passkey.
func (d *Device) Make(question []byte) []byte {
	var o options
	if err := json.Unmarshal(question, &o); err != nil {
		panic(err)
	}
	d.Handle, _ = b64.DecodeString(o.User.ID)
	pub, err := d.key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	// COSE: EC2, ES256, P-256, x, y.
	cose := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
	cose = append(append(append(cose, pub[1:33]...), 0x22, 0x58, 0x20), pub[33:]...)
	data := append(d.data(0x40), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(d.ID)))
	data = append(append(data, d.ID...), cose...)
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59")
	object = append(binary.BigEndian.AppendUint16(object, uint16(len(data))), data...)
	return d.answer(map[string]any{
		"clientDataJSON": b64.EncodeToString(d.client("webauthn.create", o.Challenge)), "attestationObject": b64.EncodeToString(object),
		"transports": []string{"internal"},
	})
}

// Show answers the question for a passkey.
func (d *Device) Show(question []byte) []byte {
	var o options
	if err := json.Unmarshal(question, &o); err != nil {
		panic(err)
	}
	data, client := d.data(0), d.client("webauthn.get", o.Challenge)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, sum[:])
	if err != nil {
		panic(err)
	}
	return d.answer(map[string]any{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data),
		"signature": b64.EncodeToString(sig), "userHandle": b64.EncodeToString(d.Handle),
	})
}

func (d *Device) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(d.Domain))
	if flags |= 0x01; !d.Unverified {
		flags |= 0x04
	}
	out := binary.BigEndian.AppendUint32(append(hash[:], flags), d.Count)
	if d.Count > 0 {
		d.Count++
	}
	return out
}

func (d *Device) client(kind, challenge string) []byte {
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.Origin, "crossOrigin": false})
	return b
}

func (d *Device) answer(response map[string]any) []byte {
	id := b64.EncodeToString(d.ID)
	b, _ := json.Marshal(map[string]any{
		"type": "public-key", "id": id, "rawId": id, "response": response, "clientExtensionResults": map[string]any{},
		"authenticatorAttachment": "platform",
	})
	return b
}
