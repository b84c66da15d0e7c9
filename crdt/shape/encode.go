package shape

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// The chunk header.
const (
	magic         = "\x85\x6f\x4a\x83"
	sumLen        = 4
	typeAt        = len(magic) + sumLen
	chunkChange   = 1
	chunkDeflated = 2
)

// The columns of one put at a root key, by specification number, in the order
// of a change. colValue is absent when the value has no raw bytes, the two
// last when there are no predecessors.
const (
	colKey       = 0x15
	colInsert    = 0x34
	colAction    = 0x42
	colMeta      = 0x56
	colValue     = 0x57
	colPredCount = 0x70
	colPredActor = 0x71
	colPredCtr   = 0x73
)

// literalOne heads a run-length column of a single number or text.
const literalOne = 0x7f

const actionSet = 1

// Encode writes c as the core would and returns the bytes with the hash of
// the change. Errors: a Reason, when c is not of the allowed form; it must
// also meet the rules of its document kind, see DecodeDay and DecodeCampus.
func Encode(c Change) (raw []byte, hash [32]byte, err error) {
	if err := c.check(); err != nil {
		return nil, hash, err
	}
	raw = c.appendChunk(make([]byte, 0, 256+len(c.Value.data)))
	return raw, seal(raw), nil
}

// appendChunk appends the chunk without its checksum to dst, which must be
// empty. It does not check c.
func (c *Change) appendChunk(dst []byte) []byte {
	var room [640]byte
	body := c.appendBody(room[:0])
	dst = append(dst, magic...)
	dst = append(dst, 0, 0, 0, 0, chunkChange)
	dst = appendUleb(dst, uint64(len(body)))
	return append(dst, body...)
}

// seal writes the checksum into the chunk and returns its hash.
func seal(chunk []byte) [32]byte {
	hash := sha256.Sum256(chunk[typeAt:])
	copy(chunk[len(magic):typeAt], hash[:])
	return hash
}

func (c *Change) appendBody(dst []byte) []byte {
	dst = appendUleb(dst, uint64(len(c.Deps)))
	for i := range c.Deps {
		dst = append(dst, c.Deps[i][:]...)
	}
	dst = appendActor(dst, c.Actor)
	dst = appendUleb(dst, c.Seq)
	dst = appendUleb(dst, c.StartOp)
	dst = append(dst, 0, 0) // time, length of the message
	others := c.others()
	dst = appendUleb(dst, uint64(len(others)))
	for _, a := range others {
		dst = appendActor(dst, a)
	}

	var predActors, predCtrs []byte
	if len(c.Preds) > 0 {
		predActors, predCtrs = c.predColumns(others)
	}
	rawLen := c.Value.rawLen()
	meta := uint64(rawLen)<<codeBits | c.Value.code()
	count := byte(5)
	if rawLen > 0 {
		count++
	}
	if len(c.Preds) > 0 {
		count += 2
	}
	dst = append(dst, count, colKey)
	dst = appendUleb(dst, uint64(1+ulebLen(uint64(len(c.Key)))+len(c.Key)))
	dst = append(dst, colInsert, 1, colAction, 2, colMeta, byte(1+ulebLen(meta)))
	if rawLen > 0 {
		dst = append(dst, colValue)
		dst = appendUleb(dst, uint64(rawLen))
	}
	dst = append(dst, colPredCount, byte(1+ulebLen(uint64(len(c.Preds)))))
	if len(c.Preds) > 0 {
		dst = append(dst, colPredActor)
		dst = appendUleb(dst, uint64(len(predActors)))
		dst = append(dst, colPredCtr)
		dst = appendUleb(dst, uint64(len(predCtrs)))
	}

	dst = append(dst, literalOne)
	dst = appendUleb(dst, uint64(len(c.Key)))
	dst = append(dst, c.Key...)
	dst = append(dst, 1, literalOne, actionSet, literalOne) // insert: one "no"
	dst = appendUleb(dst, meta)
	dst = c.Value.appendRaw(dst)
	dst = append(dst, literalOne)
	dst = appendUleb(dst, uint64(len(c.Preds)))
	dst = append(dst, predActors...)
	return append(dst, predCtrs...)
}

func appendActor(dst, actor []byte) []byte {
	dst = appendUleb(dst, uint64(len(actor)))
	return append(dst, actor...)
}

// others are the actors that preds name besides the author, ascending.
func (c *Change) others() [][]byte {
	var all [][]byte
	for _, p := range c.Preds {
		if !bytes.Equal(p.Actor, c.Actor) {
			all = append(all, p.Actor)
		}
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, bytes.Equal)
}

// predColumns encodes the predecessors. Actor 0 is the author, others follow
// from 1; counters are differences.
func (c *Change) predColumns(others [][]byte) (actors, ctrs []byte) {
	index := make([]int64, len(c.Preds))
	delta := make([]int64, len(c.Preds))
	last := uint64(0)
	for i, p := range c.Preds {
		if !bytes.Equal(p.Actor, c.Actor) {
			at, _ := slices.BinarySearchFunc(others, p.Actor, bytes.Compare)
			index[i] = int64(at) + 1
		}
		delta[i] = int64(p.Ctr - last)
		last = p.Ctr
	}
	return appendRuns(nil, index, putUleb), appendRuns(nil, delta, appendSleb)
}
