package join

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/upprop/upprop/mesh/stream"
)

const (
	maxFrame  = 8 << 10
	maxAnswer = 256 << 10
	// frameTime is how long one whole frame may take, however it trickles.
	frameTime = 10 * time.Second
)

// writeFrame sends b, which the caller has bounded, within frameTime.
func writeFrame(s stream.Stream, b []byte) error {
	if err := s.SetWriteDeadline(time.Now().Add(frameTime)); err != nil {
		return err
	}
	_, err := s.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

// readFrame takes one frame of at most limit bytes, all of it within wait.
func readFrame(s stream.Stream, limit int, wait time.Duration) ([]byte, error) {
	if err := s.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil, err
	}
	return readFrameFrom(s, limit)
}

func readFrameFrom(r io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || int64(n) > int64(limit) {
		return nil, fmt.Errorf("%w: frame of %d bytes", ErrProtocol, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	return b, nil
}
