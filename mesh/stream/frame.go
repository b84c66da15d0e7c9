package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrFrameTooLarge means that a frame's announced length exceeds the reader's
// limit, or that a frame to be written cannot be announced. Nothing of its
// body has been read or written; the stream is of no further use.
var ErrFrameTooLarge = errors.New("frame is too large")

const (
	// frameHeader is the size of the big-endian length before each frame.
	frameHeader = 4
	// frameChunk bounds what is allocated on the strength of an announced
	// length alone; more is allocated as the bytes arrive.
	frameChunk = 64 << 10
)

// WriteFrame writes b preceded by its length in one call of w.Write, so that
// frames of one goroutine are never torn apart. It does not keep b.
func WriteFrame(w io.Writer, b []byte) error {
	if uint64(len(b)) > math.MaxUint32 {
		return fmt.Errorf("write frame of %d bytes: %w", len(b), ErrFrameTooLarge)
	}
	buf := make([]byte, frameHeader+len(b))
	binary.BigEndian.PutUint32(buf, uint32(len(b)))
	copy(buf[frameHeader:], b)
	if _, err := w.Write(buf); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// ReadFrame reads one frame of at most limit bytes; the slice is the
// caller's. It returns io.EOF itself when the stream ends between frames, an
// error wrapping io.ErrUnexpectedEOF when it ends inside one, and
// ErrFrameTooLarge before anything is allocated for a frame over the limit.
func ReadFrame(r io.Reader, limit int) ([]byte, error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if err == io.EOF {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("read frame: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if limit < 0 || uint64(size) > uint64(limit) {
		return nil, fmt.Errorf("read frame of %d bytes, at most %d allowed: %w", size, limit, ErrFrameTooLarge)
	}
	n := int(size)
	buf := make([]byte, 0, min(n, frameChunk))
	for len(buf) < n {
		step := min(n-len(buf), max(frameChunk, len(buf)))
		start := len(buf)
		buf = append(buf, make([]byte, step)...)
		if _, err := io.ReadFull(r, buf[start:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("read frame: %w", err)
		}
	}
	return buf, nil
}
