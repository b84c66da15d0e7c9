package crdt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// vectors are version vectors, one per document: actor → last sequence number.
type vectors map[record.DocID]map[record.ActorID]uint64

func (v vectors) get(s slot) uint64 { return v[s.doc][s.actor] }

func (v vectors) set(s slot, seq uint64) {
	d := v[s.doc]
	if d == nil {
		d = map[record.ActorID]uint64{}
		v[s.doc] = d
	}
	d[s.actor] = seq
}

// entries is the number of entries in a document.
func (v vectors) entries(doc record.DocID) (n uint64) {
	for _, seq := range v[doc] {
		n += seq
	}
	return n
}

// Head is how far one actor's entries in a document are held.
type Head struct {
	Actor record.ActorID
	Seq   uint64
}

func (v vectors) sorted(doc record.DocID) []Head {
	out := make([]Head, 0, len(v[doc]))
	for a, seq := range v[doc] {
		out = append(out, Head{a, seq})
	}
	slices.SortFunc(out, func(a, b Head) int { return bytes.Compare(a.Actor[:], b.Actor[:]) })
	return out
}

// digest is 16 bytes of SHA-256 over the vector in order of actor.
func (v vectors) digest(doc record.DocID) (sum [16]byte) {
	h := sha256.New()
	var n [8]byte
	for _, head := range v.sorted(doc) {
		h.Write(head.Actor[:])
		binary.BigEndian.PutUint64(n[:], head.Seq)
		h.Write(n[:])
	}
	return [16]byte(h.Sum(nil))
}

// slotSum stands for "this actor has written so far in this document" in the
// sums of positions.
func slotSum(s slot, seq uint64) [16]byte {
	b := slotKey(0, s)
	b = binary.BigEndian.AppendUint64(b, seq)
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}
