package mesh

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/stream"
)

// narrow is a stream that takes and gives a little at a time, slowly, and
// keeps its deadlines.
type narrow struct {
	stream.Stream
	buf         bytes.Buffer
	read, write time.Time
}

func (n *narrow) SetReadDeadline(t time.Time) error  { n.read = t; return nil }
func (n *narrow) SetWriteDeadline(t time.Time) error { n.write = t; return nil }

func (n *narrow) Write(b []byte) (int, error) {
	time.Sleep(time.Duration(len(b)) * time.Second / 5000)
	if time.Now().After(n.write) {
		return 0, io.ErrShortWrite
	}
	return n.buf.Write(b)
}

func (n *narrow) Read(b []byte) (int, error) {
	time.Sleep(time.Second)
	if time.Now().After(n.read) {
		return 0, io.ErrNoProgress
	}
	return n.buf.Read(b[:min(len(b), 5000)])
}

func TestASlowLinkIsNotABrokenOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c counts
		p := &patient{Stream: &narrow{}, counts: &c, write: 10 * time.Second, idle: 10 * time.Second}
		want := make([]byte, chunkSize) // 50 s each way
		if err := stream.WriteFrame(p, want); err != nil {
			t.Fatalf("writing: %v", err)
		}
		got, err := stream.ReadFrame(p, chunkSize)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("reading: %d bytes, %v", len(got), err)
		}
		if c.by["bytes_out"] != chunkSize+4 || c.by["bytes_in"] != chunkSize+4 {
			t.Fatalf("counted %v", c.by)
		}
		p.write = time.Second
		if err := stream.WriteFrame(p, want); err == nil {
			t.Fatal("a peer that exceeds our patience was waited for")
		}
	})
}
