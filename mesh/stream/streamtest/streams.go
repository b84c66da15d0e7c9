package streamtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/stream"
)

func testHalfClose(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	b.Handle(echo, false, func(_ context.Context, s stream.Stream) {
		defer s.Close()
		all, err := io.ReadAll(s)
		if err != nil {
			s.Reset()
			return
		}
		fmt.Fprintf(s, "%d bytes", len(all))
	})
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	if _, err := s.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := s.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte{1}); err == nil {
		t.Error("a write after CloseWrite")
	}
	got, err := io.ReadAll(s)
	if err != nil || string(got) != "1000 bytes" {
		t.Errorf("the answer: %q, %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func testReset(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	theirs := make(chan stream.Stream, 1)
	result := make(chan error, 1)
	b.Handle(echo, false, func(_ context.Context, s stream.Stream) {
		defer s.Reset()
		theirs <- s
		_, err := s.Read(make([]byte, 1))
		result <- err
	})
	c.connect(a, b)
	for _, far := range []bool{false, true} {
		s := a.mustOpen(t, b, echo)
		other := <-theirs
		mine := make(chan error, 1)
		go func() {
			_, err := s.Read(make([]byte, 1))
			mine <- err
		}()
		if far {
			other.Reset()
		} else {
			s.Reset()
		}
		for side, ch := range map[string]chan error{"opener": mine, "handler": result} {
			select {
			case err := <-ch:
				if !errors.Is(err, stream.ErrReset) {
					t.Errorf("%s's read after a reset: %v, want ErrReset", side, err)
				}
			case <-time.After(patience):
				t.Errorf("%s's read outlived a reset", side)
			}
		}
		s.Reset()
		if _, err := s.Write([]byte{1}); err == nil {
			t.Error("a write after Reset")
		}
	}
}

func testDeadlines(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	b.Handle(echo, false, serveEcho)
	b.Handle(guest, false, func(ctx context.Context, s stream.Stream) {
		<-ctx.Done() // never reads
		s.Reset()
	})
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	_ = s.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read past its deadline: %v", err)
	}
	_ = s.SetReadDeadline(time.Time{})
	says(t, s, "the deadline was for the read only")
	_ = s.Close()

	s = a.mustOpen(t, b, guest)
	defer s.Reset()
	_ = s.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	var err error
	for sent := 0; err == nil && sent < 64<<20; sent += 64 << 10 {
		_, err = s.Write(make([]byte, 64<<10))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write past its deadline: %v", err)
	}
}

func testBackPressure(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	b.Handle(guest, false, serveEcho)
	read := make(chan struct{})
	got := make(chan int64, 1)
	b.Handle(echo, false, func(_ context.Context, s stream.Stream) {
		defer s.Close()
		<-read
		n, _ := io.Copy(io.Discard, s)
		got <- n
	})
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	// Write until the reader's idleness is felt: memory is bounded.
	var sent int64
	for {
		_ = s.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		n, err := s.Write(make([]byte, 64<<10))
		sent += int64(n)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatalf("write: %v", err)
		}
		if sent > 64<<20 {
			t.Fatalf("%d bytes written to a reader that does not read", sent)
		}
	}
	other := a.mustOpen(t, b, guest)
	says(t, other, "one stream's reader does not hold up another stream")
	_ = other.Close()
	close(read)
	_ = s.SetWriteDeadline(time.Now().Add(patience))
	if err := s.CloseWrite(); err != nil {
		t.Fatalf("close write: %v", err)
	}
	if n := <-got; n != sent {
		t.Errorf("%d bytes arrived, %d were sent", n, sent)
	}
	_ = s.Close()
}

func testConcurrentStreams(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	for _, n := range []node{a, b} {
		n.Handle(echo, false, serveEcho)
	}
	c.connect(a, b)
	var all sync.WaitGroup
	for i := range 40 {
		from, to := a, b
		if i%2 == 1 {
			from, to = b, a
		}
		all.Go(func() {
			s, err := from.open(t, to, echo)
			if err != nil {
				t.Errorf("open %d: %v", i, err)
				return
			}
			defer s.Reset()
			for j := range 20 {
				want := fmt.Sprintf("stream %d message %d", i, j)
				if err := stream.WriteFrame(s, []byte(want)); err != nil {
					t.Errorf("write: %v", err)
					return
				}
				got, err := stream.ReadFrame(s, 100)
				if err != nil || string(got) != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
					return
				}
			}
		})
	}
	all.Wait()
}

func testMaxStreams(t *testing.T, c *campus) {
	a, b, other := c.node(), c.node(), c.node()
	b.Handle(echo, false, serveEcho)
	b.Handle(guest, false, serveEcho)
	c.connect(a, b)
	c.connect(other, b)
	var all []stream.Stream
	for range stream.MaxStreams {
		all = append(all, a.mustOpen(t, b, echo))
	}
	if s, err := a.open(t, b, echo); !errors.Is(err, stream.ErrUnreachable) {
		t.Fatalf("one more than may be open: %v, %v", s, err)
	}
	for _, s := range []stream.Stream{a.mustOpen(t, b, guest), other.mustOpen(t, b, echo)} {
		says(t, s, "another protocol and another peer have places of their own")
		s.Reset()
	}
	all[0].Reset()
	c.eventually("the place that was given back", func() bool {
		s, err := a.open(t, b, echo)
		if err != nil {
			return false
		}
		all[0] = s
		return true
	})
	for _, s := range all {
		says(t, s, "still served")
		s.Reset()
	}
}

func testTenMebibytes(t *testing.T, c *campus) {
	a, b := c.node(), c.node()
	b.Handle(echo, false, func(_ context.Context, s stream.Stream) {
		h := sha256.New()
		if _, err := io.Copy(h, s); err != nil {
			s.Reset()
			return
		}
		_, _ = s.Write(h.Sum(nil))
		_ = s.Close()
	})
	c.connect(a, b)
	s := a.mustOpen(t, b, echo)
	defer s.Close()
	body := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	if n, err := s.Write(body); err != nil || n != len(body) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	_ = s.CloseWrite()
	got, err := io.ReadAll(s)
	want := sha256.Sum256(body)
	if err != nil || !bytes.Equal(got, want[:]) {
		t.Fatalf("got %x, %v", got, err)
	}
}
