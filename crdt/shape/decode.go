package shape

import (
	"bytes"
	"crypto/sha256"
)

// Decode reads a change of the allowed form and refuses all else with a
// Reason. It does not know the kind of document: callers with bytes from
// elsewhere use DecodeDay or DecodeCampus. The change aliases raw, which the
// caller must not modify afterwards. It never panics, whatever raw holds.
func Decode(raw []byte) (Change, error) {
	body, err := open(raw, chunkChange)
	if err != nil {
		return Change{}, err
	}
	c, err := readBody(body)
	if err != nil {
		return Change{}, err
	}
	if err := c.check(); err != nil {
		return Change{}, err
	}
	var room [640]byte
	again := room[:0]
	if len(raw) > len(room) {
		again = make([]byte, 0, len(raw))
	}
	// Hashing is most of the cost, so it comes last.
	again = c.appendChunk(again)
	if !bytes.Equal(again[typeAt:], raw[typeAt:]) {
		return Change{}, ReasonForm
	}
	c.Hash = seal(again)
	if !bytes.Equal(again, raw) {
		return Change{}, ReasonChecksum
	}
	return c, nil
}

// open checks the header of a chunk of the wanted type and returns the body,
// which must end where raw ends. It does not check the checksum.
func open(raw []byte, want byte) ([]byte, error) {
	switch {
	case len(raw) > MaxRaw:
		return nil, ReasonSize
	case len(raw) <= typeAt:
		return nil, ReasonTruncated
	case string(raw[:len(magic)]) != magic:
		return nil, ReasonMagic
	case raw[typeAt] != want && raw[typeAt] == chunkDeflated:
		return nil, ReasonCompressed
	case raw[typeAt] != want:
		return nil, ReasonChunk
	}
	r := reader{rest: raw[typeAt+1:]}
	n := r.uleb()
	body := r.take(n)
	if r.err != nil {
		return nil, r.err
	}
	if len(r.rest) > 0 {
		return nil, ReasonTrailing
	}
	return body, nil
}

// readBody reads the fields; it refuses what cannot be held in a Change and
// leaves the exact form to the comparison in Decode.
func readBody(body []byte) (Change, error) {
	var c Change
	r := reader{rest: body}
	n := r.uleb()
	if n > MaxDeps {
		return c, ReasonDeps
	}
	if n > 0 && r.err == nil {
		c.Deps = make([][32]byte, n)
		for i := range c.Deps {
			copy(c.Deps[i][:], r.take(32))
		}
	}
	c.Actor = r.take(r.uleb())
	c.Seq = r.uleb()
	c.StartOp = r.uleb()
	if r.sleb() != 0 {
		return c, ReasonTime
	}
	if r.uleb() != 0 {
		return c, ReasonMessage
	}
	n = r.uleb()
	if n > MaxPreds {
		return c, ReasonActor
	}
	var others [][]byte
	for ; n > 0 && r.err == nil; n-- {
		others = append(others, r.take(r.uleb()))
	}
	if r.err != nil {
		return c, r.err
	}
	return c, c.readColumns(&r, others)
}

// readColumns reads the column list and the columns behind it.
func (c *Change) readColumns(r *reader, others [][]byte) error {
	var size [0x80]uint64
	count := r.uleb()
	for last := byte(0); count > 0 && r.err == nil; count-- {
		spec := r.byte()
		switch spec {
		case colKey, colInsert, colAction, colMeta, colValue, colPredCount, colPredActor, colPredCtr:
		default:
			r.fail(ReasonColumns)
		}
		if spec <= last {
			r.fail(ReasonColumns)
		}
		last = spec
		if r.err == nil {
			size[spec] = r.uleb()
		}
	}
	key := reader{rest: r.take(size[colKey])}
	insert := r.take(size[colInsert])
	action := r.take(size[colAction])
	meta := reader{rest: r.take(size[colMeta])}
	value := r.take(size[colValue])
	preds := reader{rest: r.take(size[colPredCount])}
	predActors := r.take(size[colPredActor])
	predCtrs := r.take(size[colPredCtr])
	if r.err != nil {
		return r.err
	}
	if len(r.rest) > 0 {
		return ReasonTrailing
	}
	if string(insert) != "\x01" || string(action) != string([]byte{literalOne, actionSet}) {
		return ReasonOperation
	}
	if key.byte() != literalOne || meta.byte() != literalOne || preds.byte() != literalOne {
		return ReasonOperation
	}
	name := key.take(key.uleb())
	if key.err != nil || len(key.rest) > 0 || len(name) > MaxKey {
		return ReasonKey
	}
	c.Key = string(name)
	m := meta.uleb()
	if meta.err != nil || len(meta.rest) > 0 || m>>codeBits != uint64(len(value)) {
		return ReasonValue
	}
	var err error
	if c.Value, err = readValue(m&(1<<codeBits-1), value); err != nil {
		return err
	}
	n := preds.uleb()
	if preds.err != nil || len(preds.rest) > 0 || n > MaxPreds {
		return ReasonPreds
	}
	return c.readPreds(int(n), predActors, predCtrs, others)
}

func (c *Change) readPreds(n int, actors, ctrs []byte, others [][]byte) error {
	if n == 0 {
		if len(actors)+len(ctrs)+len(others) > 0 {
			return ReasonPreds
		}
		return nil
	}
	index, err := readRuns(actors, n, getUleb)
	if err != nil {
		return err
	}
	delta, err := readRuns(ctrs, n, getSleb)
	if err != nil {
		return err
	}
	c.Preds = make([]OpID, n)
	ctr := int64(0)
	for i := range c.Preds {
		if index[i] < 0 || index[i] > int64(len(others)) || delta[i] < 0 || delta[i] > MaxCounter {
			return ReasonPreds
		}
		ctr += delta[i]
		c.Preds[i] = OpID{Ctr: uint64(ctr), Actor: c.Actor}
		if index[i] > 0 {
			c.Preds[i].Actor = others[index[i]-1]
		}
	}
	return nil
}

// sumOK reports whether the checksum in the chunk is that of its content.
func sumOK(chunk []byte) bool {
	hash := sha256.Sum256(chunk[typeAt:])
	return bytes.Equal(hash[:sumLen], chunk[len(magic):typeAt])
}
