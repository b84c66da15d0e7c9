package node

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/node/operators"
)

// boxes seal what is for desks and of no visit. A box carries the context of
// its own wrap, so that it opens wherever it is: day of the last use (4 bytes),
// then context, part and wrap, each behind its length (4 bytes). The label takes
// the place of a visit.
type boxes struct{ *vault }

// SealForDesks implements operators.Vault.
func (b boxes) SealForDesks(label [16]byte, until record.Day, plain []byte) ([]byte, error) {
	pub, ok := b.public(record.DossierAudience, until)
	if !ok {
		return nil, operators.ErrNoKeys
	}
	if day, dated := pub.Day(); dated {
		until = min(until, day)
	}
	// A sealer of its own: the context lies in the box and is used once.
	s, err := seal.NewSealer(func(record.Audience, record.Day) (seal.PublicKey, bool) { return pub, true }, b.now).
		Seal(record.VisitID(label), 1, until, map[record.Audience][]byte{record.DossierAudience: plain})
	if err != nil {
		return nil, fmt.Errorf("seal for desks: %w", err)
	}
	if len(s.Contexts) != 1 || len(s.Parts) != 1 || len(s.Wraps) != 1 {
		return nil, errors.New("seal for desks: not one of each")
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(until))
	for _, part := range [][]byte{s.Contexts[0].Encode(), s.Parts[0].Encode(), s.Wraps[0].Encode()} {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(part))), part...)
	}
	return out, nil
}

// OpenForDesks implements operators.Vault.
func (b boxes) OpenForDesks(label [16]byte, box []byte) ([]byte, error) {
	parts, err := apart(box)
	if err != nil {
		return nil, err
	}
	context, err := seal.DecodeContext(parts[0])
	if err != nil {
		return nil, fmt.Errorf("open for desks: %w", err)
	}
	part, err := seal.DecodePart(parts[1])
	if err != nil {
		return nil, fmt.Errorf("open for desks: %w", err)
	}
	wrap, err := seal.DecodeWrap(parts[2])
	if err != nil {
		return nil, fmt.Errorf("open for desks: %w", err)
	}
	opener := seal.NewOpener(b.ring, func(id seal.ContextID) (seal.Context, bool) { return context, id == context.ID },
		seal.WithDead(func(d record.Day) bool { return d <= b.date() }))
	return opener.Open(record.VisitID(label), part, wrap)
}

// BoxDies implements operators.Vault.
func (b boxes) BoxDies(box []byte) (record.Day, bool) {
	if _, err := apart(box); err != nil {
		return 0, false
	}
	return record.Day(int32(binary.BigEndian.Uint32(box))), true
}

// apart takes a box apart.
func apart(box []byte) (out [3][]byte, err error) {
	if len(box) < 4 {
		return out, fmt.Errorf("open for desks: %w", seal.ErrFormat)
	}
	rest := box[4:]
	for i := range out {
		if len(rest) < 4 || uint64(binary.BigEndian.Uint32(rest)) > uint64(len(rest)-4) {
			return out, fmt.Errorf("open for desks: %w", seal.ErrFormat)
		}
		n := binary.BigEndian.Uint32(rest)
		out[i], rest = rest[4:4+n], rest[4+n:]
	}
	if len(rest) > 0 {
		return out, fmt.Errorf("open for desks: %w", seal.ErrFormat)
	}
	return out, nil
}
