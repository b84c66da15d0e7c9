package shape

import "errors"

// Reason is why a change is refused: a short constant text, free of the
// change's content, so that it may be logged and counted. It is an error and
// is matched with errors.Is.
type Reason string

// What Decode, DecodeDay, DecodeCampus, Encode and Normalise refuse: such a
// change will never be right, and its author is at fault.
const (
	ReasonSize       Reason = "size"
	ReasonMagic      Reason = "magic"
	ReasonChecksum   Reason = "checksum"
	ReasonCompressed Reason = "compressed"
	ReasonChunk      Reason = "chunk type"
	ReasonTruncated  Reason = "truncated"
	ReasonNumber     Reason = "number"
	ReasonTrailing   Reason = "trailing bytes"
	ReasonDeps       Reason = "dependencies"
	ReasonActor      Reason = "actor"
	ReasonSeq        Reason = "sequence number"
	ReasonCounter    Reason = "operation counter"
	ReasonTime       Reason = "time"
	ReasonMessage    Reason = "message"
	ReasonColumns    Reason = "columns"
	ReasonOperation  Reason = "operation"
	ReasonKey        Reason = "key"
	ReasonValue      Reason = "value"
	ReasonPreds      Reason = "predecessors"
	ReasonForm       Reason = "not the canonical form"
)

// What Follows and Past.Check find wrong between a change and those before it.
const (
	// ReasonKnown: this very change is there already. Not a fault.
	ReasonKnown Reason = "known already"
	// ReasonGap: a change it builds upon has not come yet; keep it and ask
	// again. Not a fault of its author.
	ReasonGap Reason = "an earlier change is missing"
	// ReasonFork: its author has used this sequence number or counter for
	// another change. A fault for ever.
	ReasonFork Reason = "author contradicts itself"
)

// Error implements error.
func (r Reason) Error() string { return "change refused: " + string(r) }

// ReasonOf is the reason within err, or "" when there is none.
func ReasonOf(err error) Reason {
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	return ""
}
