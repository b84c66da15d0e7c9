// Package envelope is the form in which entries of the log travel and rest:
// {document, actor, sequence, payload}, signed by the writer's node. It does
// not look into payloads and does not know who is a member.
//
// Invariant: an envelope that Verify accepts was signed by the node of its
// actor, for just this document, actor, sequence number and payload.
//
// One signature covers all entries of a commit: it signs the root of a Merkle
// tree (RFC 9162 §2.1) over them, and each envelope carries its inclusion
// proof. Signing costs as much as half an fsync on common hardware; a group
// commit of many check-ins pays for one.
package envelope

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/record"
)

// ErrFormat is matched by errors about bytes that are no envelope.
var ErrFormat = errors.New("not an envelope")

// ErrSignature means that the signature or the proof does not fit.
var ErrSignature = errors.New("envelope's signature does not fit")

const (
	version = 1
	// MaxPayload bounds one payload, in bytes.
	MaxPayload = 256 << 10
	// MaxSize bounds one encoded envelope without its aside, in bytes.
	MaxSize = MaxPayload + 2048
	// MaxBatch bounds the entries under one signature.
	MaxBatch = 1 << 12
	maxPath  = 12
)

// Envelope is one entry of the log.
type Envelope struct {
	ID      record.EventID
	Payload []byte
	// Index, Size and Path prove the entry's place under the signed root.
	Index, Size uint32
	Path        [][32]byte
	Signature   [64]byte
	// Aside travels beside an envelope with a proof, MaxAside bytes at most.
	// Nothing here vouches for it: what it must be is for the payload to say.
	Aside []byte
}

type hash = [32]byte

func (e *Envelope) leaf() hash {
	h := sha256.New()
	var n [8]byte
	h.Write([]byte("\x00upprop/entry/1\x00"))
	binary.BigEndian.PutUint64(n[:], uint64(len(e.ID.Doc)))
	h.Write(n[:])
	h.Write([]byte(e.ID.Doc))
	h.Write(e.ID.Actor[:])
	binary.BigEndian.PutUint64(n[:], e.ID.Seq)
	h.Write(n[:])
	h.Write(e.Payload)
	return hash(h.Sum(nil))
}

func join(l, r hash) hash {
	var b [65]byte
	b[0] = 1
	copy(b[1:], l[:])
	copy(b[33:], r[:])
	return sha256.Sum256(b[:])
}

// sized binds the number of entries to the root of their tree, so that an
// envelope has one form alone.
func sized(root hash, size uint32) hash {
	var b [37]byte
	b[0] = 2
	binary.BigEndian.PutUint32(b[1:], size)
	copy(b[5:], root[:])
	return sha256.Sum256(b[:])
}

// Domain separates the signature from every other use of a node's key.
const Domain = "entries"

// Sign fills in proofs and signature of the entries of one commit, 1 to
// MaxBatch of them. sign is the node's signature under Domain.
func Sign(entries []*Envelope, sign func(root []byte) []byte) error {
	if len(entries) == 0 || len(entries) > MaxBatch {
		return fmt.Errorf("sign %d entries: want 1 to %d", len(entries), MaxBatch)
	}
	level := make([]hash, len(entries))
	for i, e := range entries {
		level[i] = e.leaf()
		e.Index, e.Size, e.Path = uint32(i), uint32(len(entries)), nil
	}
	// In level k, entry i has the position i>>k; an odd last one is lifted.
	for k := 0; len(level) > 1; k++ {
		for i, e := range entries {
			if sib := (i >> k) ^ 1; sib < len(level) {
				e.Path = append(e.Path, level[sib])
			}
		}
		next := level[:0:0]
		for i := 0; i < len(level); i += 2 {
			if i+1 < len(level) {
				next = append(next, join(level[i], level[i+1]))
			} else {
				next = append(next, level[i])
			}
		}
		level = next
	}
	root := sized(level[0], uint32(len(entries)))
	sig := sign(root[:])
	if len(sig) != 64 {
		return fmt.Errorf("sign entries: signature of %d bytes", len(sig))
	}
	for _, e := range entries {
		e.Signature = [64]byte(sig)
	}
	return nil
}

// Root is the root that the proof leads to; false when the proof has not the
// form that Sign gives it.
func (e *Envelope) Root() (root [32]byte, ok bool) {
	if e.Size == 0 || e.Size > MaxBatch || e.Index >= e.Size {
		return root, false
	}
	h, path := e.leaf(), e.Path
	for pos, n := e.Index, e.Size; n > 1; pos, n = pos>>1, (n+1)>>1 {
		sib := pos ^ 1
		if sib >= n {
			continue
		}
		if len(path) == 0 {
			return root, false
		}
		if pos&1 == 0 {
			h = join(h, path[0])
		} else {
			h = join(path[0], h)
		}
		path = path[1:]
	}
	return sized(h, e.Size), len(path) == 0
}

// Encode is the envelope's one form.
func (e *Envelope) Encode() []byte {
	if e.Bare() {
		return e.encodeBare()
	}
	if len(e.Aside) > 0 {
		plain := *e
		plain.Aside = nil
		return encodeAside(e.Aside, plain.Encode())
	}
	b := make([]byte, 0, 160+len(e.ID.Doc)+32*len(e.Path)+len(e.Payload))
	b = append(b, version, byte(len(e.ID.Doc)))
	b = append(b, e.ID.Doc...)
	b = append(b, e.ID.Actor[:]...)
	b = binary.BigEndian.AppendUint64(b, e.ID.Seq)
	b = binary.BigEndian.AppendUint16(b, uint16(e.Index))
	b = binary.BigEndian.AppendUint16(b, uint16(e.Size))
	b = append(b, byte(len(e.Path)))
	for _, p := range e.Path {
		b = append(b, p[:]...)
	}
	b = append(b, e.Signature[:]...)
	return append(b, e.Payload...)
}

// Decode reads what Encode wrote; Payload and Aside alias b. It checks the form
// alone; errors match ErrFormat. What comes from elsewhere is read with
// DecodeRun, which takes no bare entry.
func Decode(b []byte) (*Envelope, error) {
	if len(b) > 0 && b[0] == versionAside {
		return decodeAside(b)
	}
	if len(b) < 2 || len(b) > MaxSize {
		return nil, fmt.Errorf("%d bytes: %w", len(b), ErrFormat)
	}
	if b[0] == versionBare {
		return decodeBare(b)
	}
	e, payload, err := decodeHead(b)
	if err != nil {
		return nil, err
	}
	if len(payload) == 0 || len(payload) > MaxPayload {
		return nil, fmt.Errorf("truncated: %w", ErrFormat)
	}
	e.Payload = payload
	return e, nil
}

// decodeHead reads everything up to the payload.
func decodeHead(b []byte) (_ *Envelope, rest []byte, err error) {
	if b[0] != version {
		return nil, nil, fmt.Errorf("version %d, of a newer release: %w", b[0], ErrFormat)
	}
	e := &Envelope{}
	take := func(n int) (p []byte) {
		if len(b) < n {
			return nil
		}
		p, b = b[:n], b[n:]
		return p
	}
	b = b[1:]
	if len(b) == 0 {
		return nil, nil, fmt.Errorf("truncated: %w", ErrFormat)
	}
	doc := take(1 + int(b[0]))
	head := take(32 + 8 + 2 + 2 + 1)
	if doc == nil || head == nil {
		return nil, nil, fmt.Errorf("truncated: %w", ErrFormat)
	}
	e.ID.Doc = record.DocID(doc[1:])
	e.ID.Actor = record.ActorID(head[:32])
	e.ID.Seq = binary.BigEndian.Uint64(head[32:])
	e.Index = uint32(binary.BigEndian.Uint16(head[40:]))
	e.Size = uint32(binary.BigEndian.Uint16(head[42:]))
	n := int(head[44])
	if n > maxPath || e.Size == 0 || e.ID.Seq == 0 || e.ID.Seq > 1<<31 {
		return nil, nil, fmt.Errorf("proof or sequence number out of bounds: %w", ErrFormat)
	}
	for range n {
		p := take(32)
		if p == nil {
			return nil, nil, fmt.Errorf("truncated: %w", ErrFormat)
		}
		e.Path = append(e.Path, hash(p))
	}
	sig := take(64)
	if sig == nil {
		return nil, nil, fmt.Errorf("truncated: %w", ErrFormat)
	}
	e.Signature = [64]byte(sig)
	return e, b, nil
}
