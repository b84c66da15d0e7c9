package main

import (
	"bytes"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"
)

// wiretap is everything that crosses the loopback interface.
type wiretap struct {
	fd   int
	mu   sync.Mutex
	heap bytes.Buffer
	done chan struct{}
	stop chan struct{}
}

// tapLoopback listens on lo until the test ends; nil, and loudly so, where
// this process may not.
func tapLoopback(t *testing.T) *wiretap {
	t.Helper()
	const all = 0x0300 // ETH_P_ALL in network order
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, all)
	if errors.Is(err, syscall.EPERM) {
		t.Log("NOT SEARCHED: the traffic on loopback, for want of CAP_NET_RAW")
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	const lo = 1 // the interface's index, in every network namespace
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, 33 /* SO_RCVBUFFORCE */, 64<<20)
	if err := errors.Join(
		syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: all, Ifindex: lo}),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Usec: 100_000}),
	); err != nil {
		t.Fatal(err)
	}
	w := &wiretap{fd: fd, done: make(chan struct{}), stop: make(chan struct{})}
	go w.listen()
	t.Cleanup(func() { w.end() })
	return w
}

func (w *wiretap) listen() {
	defer close(w.done)
	buf := make([]byte, 1<<17)
	for {
		select {
		case <-w.stop:
			return
		default:
		}
		n, from, err := syscall.Recvfrom(w.fd, buf, 0)
		if err != nil {
			continue // nothing for a while
		}
		if l, ok := from.(*syscall.SockaddrLinklayer); ok && l.Pkttype == 4 {
			continue // on its way out; it comes in as well
		}
		w.mu.Lock()
		w.heap.Write(buf[:n])
		w.mu.Unlock()
	}
}

// end stops listening and returns what was heard.
func (w *wiretap) end() []byte {
	select {
	case <-w.stop:
	default:
		time.Sleep(200 * time.Millisecond) // what is still in the queue
		close(w.stop)
		<-w.done
		_ = syscall.Close(w.fd)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heap.Bytes()
}
