package record

// ActKind says what was done. Kinds of newer releases are kept and relayed.
type ActKind string

const (
	// ActShred destroys all key records of Visits, whichever come later too.
	ActShred ActKind = "shred"
	// ActReceipt: the writer has destroyed its key records of Visits, or never
	// had any.
	ActReceipt ActKind = "receipt"
	// ActLost: the writer has lost the wrapped keys that it wrote for Visits, and
	// can give them to nobody.
	ActLost ActKind = "lost"
	// ActKey publishes Key, the public half of a key pair of Audience that dies on
	// Until. It counts from who may edit the settings alone.
	ActKey ActKind = "key"
	// ActKeyGone: the private half of the published Key of Audience and Until is
	// with nobody any more. It counts from the same nodes.
	ActKeyGone ActKind = "key-gone"
	// ActAudit: something was done that must be on record.
	ActAudit ActKind = "audit"
)

// Act is one act on record. It names visits, nodes and operators by id alone:
// no personal data.
type Act struct {
	Kind   ActKind   `cbor:"1,keyasint"`
	At     HLC       `cbor:"2,keyasint"`
	Visits []VisitID `cbor:"3,keyasint,omitempty"`
	// Erasure groups the shreds of one erasing.
	Erasure ErasureID `cbor:"4,keyasint,omitempty"`
	// What was done, of an audit; "carried" marks a shred that was written anew
	// before its day was dropped, and By is then the node that shredded first.
	What string `cbor:"5,keyasint,omitempty"`
	By   string `cbor:"6,keyasint,omitempty"`
	Note string `cbor:"7,keyasint,omitempty"`
	// Audience, Until, Epoch and Key are those of an ActKey or, but for Epoch, of
	// an ActKeyGone; Epoch says which revocations it was made after. Until of an
	// ActShred of what is kept past its day is for how long it must stand: until
	// then it might be sealed anew by who has not heard of it.
	Audience Audience `cbor:"8,keyasint,omitempty"`
	Until    Day      `cbor:"9,keyasint,omitempty"`
	Epoch    int64    `cbor:"10,keyasint,omitempty"`
	Key      []byte   `cbor:"11,keyasint,omitempty"`
}

// Acts is one entry of an acts document. The entries of a node form one chain
// over all its incarnations, so that none can be left out unnoticed.
type Acts struct {
	// N counts the node's entries from 1.
	N uint64 `cbor:"1,keyasint"`
	// Prev is the SHA-256 of the payload of the node's entry N-1, zero for N=1.
	Prev [32]byte `cbor:"2,keyasint"`
	Acts []Act    `cbor:"3,keyasint"`
}
