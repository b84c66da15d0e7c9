package shape

import (
	"encoding/hex"
	"strconv"
)

// Day is a change of a day document: one event under the key
// "<actor>:<seq>", depending on nothing but its author's previous change.
type Day struct {
	// Actor is the author.
	Actor []byte
	// Seq counts the author's changes in the document, from 1.
	Seq uint64
	// Prev is the hash of the author's change before this one; zero when Seq
	// is 1.
	Prev [32]byte
	// Event is the value, 1 to MaxEvent bytes.
	Event []byte
	// Hash is the change's hash. DecodeDay fills it; EncodeDay ignores it.
	Hash [32]byte
}

// DayKey is the root key of an author's event: the actor in lower-case hex, a
// colon and the sequence number in decimal.
func DayKey(actor []byte, seq uint64) string {
	var room [MaxKey + 10]byte
	if len(actor) > MaxActor {
		return hex.EncodeToString(actor) + ":" + strconv.FormatUint(seq, 10)
	}
	b := hex.AppendEncode(room[:0], actor)
	b = append(b, ':')
	return string(strconv.AppendUint(b, seq, 10))
}

// DecodeDay reads a change to a day document and refuses all else with a
// Reason. The result aliases raw. What is right in itself must also follow
// its author's last change, see Day.Follows, before it goes to the core.
func DecodeDay(raw []byte) (Day, error) {
	c, err := Decode(raw)
	if err != nil {
		return Day{}, err
	}
	switch {
	case c.Value.kind != KindBytes || len(c.Value.data) == 0:
		return Day{}, ReasonValue
	case len(c.Preds) > 0:
		return Day{}, ReasonPreds
	case c.StartOp != c.Seq:
		return Day{}, ReasonCounter
	case len(c.Deps) > 1:
		return Day{}, ReasonDeps
	case c.Key != DayKey(c.Actor, c.Seq):
		return Day{}, ReasonKey
	}
	d := Day{Actor: c.Actor, Seq: c.Seq, Event: c.Value.data, Hash: c.Hash}
	if len(c.Deps) == 1 {
		d.Prev = c.Deps[0]
	}
	return d, nil
}

// EncodeDay writes the change, byte for byte what the core would write on
// committing the put to a document of this author's changes only, and returns
// the hash that the author's next change names as Prev.
func EncodeDay(d Day) (raw []byte, hash [32]byte, err error) {
	c := Change{Actor: d.Actor, Seq: d.Seq, StartOp: d.Seq, Key: DayKey(d.Actor, d.Seq), Value: Bytes(d.Event)}
	switch {
	case len(d.Event) == 0:
		return nil, hash, ReasonValue
	case d.Seq > 1:
		c.Deps = [][32]byte{d.Prev}
	case d.Prev != [32]byte{}:
		return nil, hash, ReasonDeps
	}
	return Encode(c)
}

// Follows says whether d is the next change after its author's last one in
// the document, given by sequence number and hash (0 and zero when there is
// none). nil: it is. ReasonGap: one between is missing. ReasonKnown: it is
// that last one. ReasonFork: d does not continue that chain. A change older
// than the last cannot be told from a fork here and is reported as ReasonFork;
// ask the store for the hash at its sequence number first.
func (d Day) Follows(lastSeq uint64, last [32]byte) error {
	switch {
	case d.Seq > lastSeq+1:
		return ReasonGap
	case d.Seq == lastSeq+1 && d.Prev == last:
		return nil
	case d.Seq == lastSeq && d.Hash == last:
		return ReasonKnown
	}
	return ReasonFork
}
