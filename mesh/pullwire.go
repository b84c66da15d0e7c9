package mesh

import (
	"fmt"
	"io"
	"math"

	"github.com/upprop/upprop/mesh/stream"
)

// A pull is a conversation that the requester leads; each request is answered
// before the next is sent.
//
//	digests?                → digests…, end
//	vectors of these docs?  → vectors…, end
//	first of these ranges   → entries that matter most, …, end
//	these ranges            → entries…, end

// wireDigest, wireVector and span are list items of pull messages.
type wireDigest struct {
	_   struct{} `cbor:",toarray"`
	Doc string
	Sum []byte
}

type wireHead struct {
	_     struct{} `cbor:",toarray"`
	Actor []byte
	Seq   uint64
}

type wireVector struct {
	_     struct{} `cbor:",toarray"`
	Doc   string
	Heads []wireHead
}

// span is the entries of one actor in one document, after After and up to
// Upto, both in sequence numbers.
type span struct {
	_           struct{} `cbor:",toarray"`
	Doc         string
	Actor       []byte
	After, Upto uint64
}

// whole is an Upto for "all there is".
const whole = math.MaxUint64

func (s span) key() string { return s.Doc + "\x00" + string(s.Actor) }

func checkDoc(doc string) error {
	if doc == "" || len(doc) > MaxDoc {
		return fmt.Errorf("%w: document name", errMalformed)
	}
	return nil
}

func checkActor(actor []byte) error {
	if len(actor) == 0 || len(actor) > MaxActor {
		return fmt.Errorf("%w: actor", errMalformed)
	}
	return nil
}

func decodeDigests(body []byte) ([]DocDigest, error) {
	items, err := decode[[]wireDigest](body)
	if err != nil {
		return nil, err
	}
	out := make([]DocDigest, len(items))
	for i, it := range items {
		if err := checkDoc(it.Doc); err != nil {
			return nil, err
		}
		if len(it.Sum) != len(out[i].Sum) {
			return nil, fmt.Errorf("%w: digest", errMalformed)
		}
		out[i] = DocDigest{it.Doc, [16]byte(it.Sum)}
	}
	return out, nil
}

func decodeDocs(body []byte) ([]string, error) {
	docs, err := decode[[]string](body)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		if err := checkDoc(d); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

func decodeVector(body []byte) (wireVector, error) {
	v, err := decode[wireVector](body)
	if err == nil {
		err = checkDoc(v.Doc)
	}
	for _, h := range v.Heads {
		if err == nil {
			err = checkActor(h.Actor)
		}
	}
	return v, err
}

func decodeSpans(body []byte) ([]span, error) {
	spans, err := decode[[]span](body)
	if err != nil {
		return nil, err
	}
	for _, s := range spans {
		if err := checkDoc(s.Doc); err != nil {
			return nil, err
		}
		if err := checkActor(s.Actor); err != nil {
			return nil, err
		}
	}
	return spans, nil
}

// answers hands fn the body of each frame of one kind up to the end frame; a
// frame of another kind, or the end of the stream, breaks the protocol.
func answers(s stream.Stream, want kind, limit int, fn func(body []byte) error) error {
	for {
		k, body, err := receive(s, limit)
		switch {
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case k == kindEnd && len(body) == 0:
			return nil
		case k != want:
			return fmt.Errorf("%w: unexpected kind %d", errMalformed, k)
		}
		if err := fn(body); err != nil {
			return err
		}
	}
}

var end = []byte{byte(kindEnd)}

// chunks calls fn with at most n items at a time.
func chunks[T any](items []T, n int, fn func([]T) error) error {
	for len(items) > 0 {
		k := min(n, len(items))
		if err := fn(items[:k]); err != nil {
			return err
		}
		items = items[k:]
	}
	return nil
}
