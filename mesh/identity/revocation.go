package identity

import (
	"errors"
	"time"
)

// Revocation ends a node's membership. Several records about one node add up:
// the earliest At, the union of Last (highest Seq per document and actor) and
// of Keeps. That union is never smaller than what any one issuer had seen, so
// nothing acknowledged before the revocation stops counting.
type Revocation struct {
	Node NodeID `cbor:"1,keyasint"`
	// Serial is compared with certificate serials: a root-signed certificate
	// with a higher one re-admits the node.
	Serial uint64 `cbor:"2,keyasint"`
	// At is the revoker's clock, Unix milliseconds.
	At int64 `cbor:"3,keyasint"`
	// Last is, per document and actor of the node, the last sequence that
	// counts. An actor that is not listed has none that counts.
	Last []LastSeq `cbor:"4,keyasint,omitempty"`
	// Keeps lists the records signed by the node that still count, where it
	// was an issuer. A stolen issuer key can date a new certificate back, but
	// it cannot get it listed here.
	Keeps []RecordID `cbor:"5,keyasint,omitempty"`
}

// LastSeq is the end of what counts of one actor in one document.
type LastSeq struct {
	_     struct{} `cbor:",toarray"`
	Doc   string
	Actor []byte
	Seq   uint64
}

// Time is At as a time.
func (r *Revocation) Time() time.Time { return time.UnixMilli(r.At).UTC() }

func (r *Revocation) check() error {
	if r.Node.IsZero() {
		return errors.New("revocation names nobody")
	}
	for _, l := range r.Last {
		if l.Doc == "" || len(l.Doc) > 128 || len(l.Actor) == 0 || len(l.Actor) > 64 {
			return errors.New("revocation holds a malformed document or actor")
		}
	}
	return checkSerial(r.Serial)
}

// SignRevocation makes the records of a revocation: more than one when Last and
// Keeps do not fit into a single record.
func SignRevocation(s Signer, campus CampusID, rev Revocation) ([][]byte, error) {
	raw, err := sign(s, campus, KindRevocation, &rev)
	n, k := len(rev.Last), len(rev.Keeps)
	if err == nil {
		return [][]byte{raw}, nil
	}
	if !errors.Is(err, ErrRecord) || n+k < 2 {
		return nil, err
	}
	first, second := rev, rev
	first.Last, second.Last = rev.Last[:n/2], rev.Last[n/2:]
	first.Keeps, second.Keeps = rev.Keeps[:(k+1)/2], rev.Keeps[(k+1)/2:]
	a, err := SignRevocation(s, campus, first)
	if err != nil {
		return nil, err
	}
	b, err := SignRevocation(s, campus, second)
	if err != nil {
		return nil, err
	}
	return append(a, b...), nil
}
