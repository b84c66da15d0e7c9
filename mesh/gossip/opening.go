package gossip

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/go-msgpack/v2/codec"
)

const (
	// maxNodes bounds the nodes of one exchange: more than fit beside a state.
	maxNodes = 4096
	// maxHeader bounds the header of an exchange, in bytes.
	maxHeader = 256
)

var errOpening = errors.New("a stream opens with what no node sends")

// opening is the reader of a stream whose first bytes are judged before
// memberlist sees them: it makes room for as many nodes and bytes as these
// announce, and unpacks what says that it is packed.
type opening struct {
	rest   io.Reader
	judged bool
	err    error
}

// Read judges first, and then reads on.
func (o *opening) Read(b []byte) (int, error) {
	if !o.judged {
		var seen bytes.Buffer
		o.err = judge(io.TeeReader(o.rest, &seen))
		o.rest, o.judged = io.MultiReader(&seen, o.rest), true
	}
	if o.err != nil {
		return 0, o.err
	}
	return o.rest.Read(b)
}

// judge reads the kind of a stream and the header of an exchange. Its error is
// the reader's own where nothing could be read.
func judge(r io.Reader) error {
	var kind [1]byte
	if _, err := io.ReadFull(r, kind[:]); err != nil {
		return err
	}
	switch kind[0] {
	case kindPing, kindAck, kindError:
		return nil
	case kindExchange:
	default:
		return fmt.Errorf("%w: kind %d", errOpening, kind[0])
	}
	var header struct{ Nodes, UserStateLen int }
	handle := codec.MsgpackHandle{}
	if err := codec.NewDecoder(io.LimitReader(r, maxHeader), &handle).Decode(&header); err != nil {
		return fmt.Errorf("%w: %w", errOpening, err)
	}
	if header.Nodes > maxNodes || header.UserStateLen > MaxState {
		return fmt.Errorf("%w: %d nodes and %d bytes", errOpening, header.Nodes, header.UserStateLen)
	}
	return nil
}
