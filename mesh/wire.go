package mesh

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Limits on what is read from the wire. They are part of the protocols.
const (
	// MaxEntry bounds one entry, in bytes.
	MaxEntry = 1 << 20
	// MaxDoc and MaxActor bound the names in a pull, in bytes.
	MaxDoc   = 128
	MaxActor = 64

	chunkSize   = 256 << 10            // entries are sent in frames of about this size
	maxEntries  = chunkSize + MaxEntry // an entries frame: a full chunk and one more entry
	maxMessage  = 256 << 10            // every other frame
	maxItems    = 1024                 // list items in one message
	maxDocs     = 64 << 10             // documents in one pull
	maxHeads    = 64 << 10             // heads in one answer
	maxSurplus  = 1 << 20              // of either, passed over when a peer sends more
	frameSpare  = 64                   // kind and headers
	maxAddrs    = 16                   // addresses of one node
	maxAddrSize = 64
)

// errMalformed means that a peer sent something that is not the protocol's.
var errMalformed = errors.New("message is malformed")

// kind is the first byte of every frame.
type kind byte

const (
	kindEntries kind = iota + 1
	kindBeat
	kindRepair
	kindDigestsAsk
	kindDigests
	kindVectorsAsk
	kindVectors
	kindRanges
	kindEnd
	kindHello
	kindRosterDigest
	kindNames
	kindRecords
	kindFirst
)

var (
	enc = must(cbor.CoreDetEncOptions().EncMode())
	dec = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  6,
		MaxArrayElements: maxItems,
		MaxMapPairs:      16,
		TagsMd:           cbor.TagsForbidden,
	}.DecMode())
)

// must is for package initialisation only, where options are constants.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// message is a frame of the given kind with a CBOR body. Our own types always
// encode.
func message(k kind, body any) []byte {
	return append([]byte{byte(k)}, must(enc.Marshal(body))...)
}

// parse splits a frame; the body shares its memory.
func parse(frame []byte) (kind, []byte, error) {
	if len(frame) == 0 {
		return 0, nil, fmt.Errorf("%w: empty frame", errMalformed)
	}
	return kind(frame[0]), frame[1:], nil
}

// decode reads a CBOR body of a frame, strictly.
func decode[T any](body []byte) (T, error) {
	var v T
	if err := dec.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("%w: %w", errMalformed, err)
	}
	return v, nil
}

// appendEntry adds one entry to an entries frame.
func appendEntry(frame, raw []byte) []byte {
	if len(frame) == 0 {
		frame = append(frame, byte(kindEntries))
	}
	return appendItem(frame, raw)
}

// decodeEntries reads the body of an entries frame; the entries share its
// memory. An entries frame holds at least one entry, and no empty one.
func decodeEntries(body []byte) ([][]byte, error) {
	raws, err := splitItems(body, MaxEntry)
	if err == nil && len(raws) == 0 {
		err = fmt.Errorf("%w: no entries", errMalformed)
	}
	return raws, err
}

// appendItem adds bytes after their length.
func appendItem(b, item []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(item)))
	return append(b, item...)
}

// splitItems reads what appendItem wrote, sharing its memory. No item is empty
// or over the limit.
func splitItems(b []byte, limit int) ([][]byte, error) {
	var items [][]byte
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		if n <= 0 || size == 0 || size > uint64(limit) || size > uint64(len(b)-n) {
			return nil, fmt.Errorf("%w: item length", errMalformed)
		}
		end := n + int(size)
		items = append(items, b[n:end:end])
		b = b[end:]
	}
	return items, nil
}
