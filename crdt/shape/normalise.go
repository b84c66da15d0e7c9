package shape

import (
	"bytes"
	"compress/flate"
	"io"
)

// Normalise turns a change that the core has written, compressed or not, into
// the uncompressed chunk that travels. It is for a node's own changes: what
// comes from elsewhere goes to DecodeDay or DecodeCampus, which refuse a
// compressed chunk. An uncompressed change is returned as it is, without a
// copy. Inflation stops at MaxRaw bytes. Only the frame is checked here, not
// the shape. Errors: a Reason.
func Normalise(raw []byte) ([]byte, error) {
	body, err := open(raw, chunkDeflated)
	if err != nil {
		if _, err := open(raw, chunkChange); err != nil {
			return nil, err
		}
		if !sumOK(raw) {
			return nil, ReasonChecksum
		}
		return raw, nil
	}
	in := bytes.NewReader(body)
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(in), MaxRaw+1))
	switch {
	case err != nil:
		return nil, ReasonCompressed
	case len(plain) > MaxRaw:
		return nil, ReasonSize
	case in.Len() > 0:
		return nil, ReasonTrailing
	}
	out := make([]byte, 0, typeAt+4+len(plain))
	out = append(out, raw[:typeAt]...)
	out = append(out, chunkChange)
	out = appendUleb(out, uint64(len(plain)))
	out = append(out, plain...)
	// The checksum of a compressed chunk is that of the plain one.
	if len(out) > MaxRaw {
		return nil, ReasonSize
	}
	if !sumOK(out) {
		return nil, ReasonChecksum
	}
	return out, nil
}
