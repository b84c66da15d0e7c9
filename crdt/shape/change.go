// Package shape is the strict codec of the one form of Automerge change that
// is let near the Automerge core: a single put of a scalar at a root key, in
// one uncompressed chunk, byte for byte as the core itself would write it. It
// is not an Automerge implementation: it holds no document and merges
// nothing, and it does not import the core.
//
// Invariant: what Decode accepts, Encode writes again with identical bytes;
// so two different byte strings never mean the same change, and nothing
// reaches the core that the core would not have written itself.
package shape

import "bytes"

// Limits of every change, whatever its kind.
const (
	// MaxActor is the longest actor id, in bytes.
	MaxActor = 64
	// MaxDeps is the largest number of changes one may depend on.
	MaxDeps = 64
	// MaxPreds is the largest number of operations one put may replace.
	MaxPreds = 16
	// MaxKey is the longest key, in bytes.
	MaxKey = 2*MaxActor + 1 + 10
	// MaxEvent is the largest value of a day change, in bytes.
	MaxEvent = 64 << 10
	// MaxSetting is the largest string or byte value of a campus change.
	MaxSetting = 16 << 10
	// MaxCounter bounds sequence numbers and operation counters. The core
	// keeps them in 32 bits.
	MaxCounter = 1 << 31
	// MaxRaw is the longest encoded change, in bytes; longer input is refused
	// before it is looked at.
	MaxRaw = MaxEvent + MaxDeps*32 + (MaxPreds+1)*(MaxActor+12) + MaxKey + 128
)

// OpID names an operation: its counter and the actor that wrote it. As a
// change holds one operation, the counter is that change's StartOp.
type OpID struct {
	Ctr   uint64
	Actor []byte
}

// Change is one change of the allowed form. Its time is always zero and its
// message empty.
type Change struct {
	// Actor is the author, 1 to MaxActor bytes.
	Actor []byte
	// Seq counts the author's changes in the document, from 1.
	Seq uint64
	// StartOp is the counter of the operation.
	StartOp uint64
	// Deps are the changes it was written upon, strictly ascending.
	Deps [][32]byte
	// Key is the root key that is set.
	Key string
	// Value is what it is set to.
	Value Value
	// Preds are the operations on Key that it replaces, strictly ascending by
	// counter, then actor.
	Preds []OpID
	// Hash is the change's hash. Decode fills it; Encode ignores it.
	Hash [32]byte
}

// Op is the id of the change's operation.
func (c *Change) Op() OpID { return OpID{Ctr: c.StartOp, Actor: c.Actor} }

// check refuses what no document kind allows. It is the same for both
// directions.
func (c *Change) check() error {
	switch {
	case len(c.Actor) == 0 || len(c.Actor) > MaxActor:
		return ReasonActor
	case c.Seq == 0 || c.Seq > MaxCounter:
		return ReasonSeq
	case c.StartOp < c.Seq || c.StartOp > MaxCounter:
		return ReasonCounter
	case len(c.Key) == 0 || len(c.Key) > MaxKey:
		return ReasonKey
	case len(c.Deps) > MaxDeps:
		return ReasonDeps
	// One operation a change: only a first change has nothing below it.
	case (len(c.Deps) == 0) != (c.StartOp == 1):
		return ReasonDeps
	case len(c.Preds) > MaxPreds:
		return ReasonPreds
	}
	for i := 1; i < len(c.Deps); i++ {
		if bytes.Compare(c.Deps[i-1][:], c.Deps[i][:]) >= 0 {
			return ReasonDeps
		}
	}
	for i, p := range c.Preds {
		if len(p.Actor) == 0 || len(p.Actor) > MaxActor || p.Ctr == 0 || p.Ctr >= c.StartOp {
			return ReasonPreds
		}
		if i > 0 && c.Preds[i-1].compare(p) >= 0 {
			return ReasonPreds
		}
	}
	for i := range len(c.Key) {
		if c.Key[i] < 0x21 || c.Key[i] > 0x7e {
			return ReasonKey
		}
	}
	return c.Value.check()
}

func (a OpID) compare(b OpID) int {
	switch {
	case a.Ctr < b.Ctr:
		return -1
	case a.Ctr > b.Ctr:
		return 1
	}
	return bytes.Compare(a.Actor, b.Actor)
}
