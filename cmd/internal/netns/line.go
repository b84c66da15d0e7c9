//go:build linux

package netns

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Weather is what a link does to the frames on it, each way by itself. Frames
// overtake each other within Jitter, as they do under tc-netem(8).
type Weather struct {
	Delay  time.Duration // how long a frame takes, on average
	Jitter time.Duration // at most so much more or less
	Lose   float64       // of a hundred frames
}

// maxWaiting bounds the frames on one way of a line, and maxFrame their bytes.
const (
	maxWaiting = 8192
	maxFrame   = 64 << 10
)

// line carries frames between two network cards by hand, late and with losses:
// what netem would do, on a kernel without it. Nothing else may join the two.
type line struct {
	w       Weather
	fds     [2]int
	stop    atomic.Bool
	running sync.WaitGroup
}

// newLine joins two cards of a namespace until the test ends. Callers see to
// it that what comes out of them is whole: see plain.
func newLine(t testing.TB, ns, one, other string, w Weather) error {
	l := &line{w: w, fds: [2]int{-1, -1}}
	err := within(ns, func() (err error) {
		for i, name := range []string{one, other} {
			if l.fds[i], err = rawSocket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.close()
		return fmt.Errorf("lay a line: %w", err)
	}
	for i := range 2 {
		way := &way{line: l, from: l.fds[i], to: l.fds[1-i], poke: make(chan struct{}, 1)}
		l.running.Go(way.take)
		l.running.Go(way.give)
	}
	t.Cleanup(func() {
		l.stop.Store(true)
		l.running.Wait()
		l.close()
	})
	return nil
}

func (l *line) close() {
	for _, fd := range l.fds {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// rawSocket takes all frames that come in at a card of this thread's
// namespace, and sends any out of it. Reading ends every 50 ms.
func rawSocket(name string) (int, error) {
	card, err := net.InterfaceByName(name)
	if err != nil {
		return -1, err
	}
	// No protocol before it is bound, so that no other card's frames get in.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("packet socket: %w", err)
	}
	all := uint16(unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8)
	for _, err := range []error{
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: card.Index}),
	} {
		if err != nil {
			_ = unix.Close(fd)
			return -1, fmt.Errorf("packet socket on %s: %w", name, err)
		}
	}
	return fd, nil
}

// way is one direction of a line.
type way struct {
	*line
	from, to int
	poke     chan struct{}

	mu      sync.Mutex
	waiting frames
}

// take reads what comes in and says when it goes on.
func (w *way) take() {
	defer close(w.poke)
	buf := make([]byte, maxFrame)
	for !w.stop.Load() {
		n, from, err := unix.Recvfrom(w.from, buf, 0)
		if err != nil {
			continue // nothing came, or the card is down for a moment
		}
		if sll, ok := from.(*unix.SockaddrLinklayer); ok && sll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		due := time.Now().Add(w.w.Delay)
		if j := int64(w.w.Jitter); j > 0 {
			due = due.Add(time.Duration(rand.Int64N(2*j+1) - j))
		}
		w.mu.Lock()
		if rand.Float64()*100 >= w.w.Lose && len(w.waiting) < maxWaiting {
			heap.Push(&w.waiting, frame{due, append([]byte(nil), buf[:n]...)})
		}
		w.mu.Unlock()
		select {
		case w.poke <- struct{}{}:
		default:
		}
	}
}

// give sends on what is due.
func (w *way) give() {
	for {
		w.mu.Lock()
		var next *frame
		wait := time.Hour
		if len(w.waiting) > 0 {
			if wait = time.Until(w.waiting[0].due); wait <= 0 {
				f := heap.Pop(&w.waiting).(frame)
				next = &f
			}
		}
		w.mu.Unlock()
		if next != nil {
			_, _ = unix.Write(w.to, next.bytes) // a card that takes nothing loses it
			continue
		}
		select {
		case _, open := <-w.poke:
			if !open {
				return
			}
		case <-time.After(wait):
		}
	}
}

type frame struct {
	due   time.Time
	bytes []byte
}

// frames are a heap by when they are due.
type frames []frame

func (f frames) Len() int           { return len(f) }
func (f frames) Less(i, j int) bool { return f[i].due.Before(f[j].due) }
func (f frames) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frames) Push(x any)        { *f = append(*f, x.(frame)) }
func (f *frames) Pop() any {
	last := (*f)[len(*f)-1]
	(*f)[len(*f)-1].bytes = nil
	*f = (*f)[:len(*f)-1]
	return last
}

// within runs fn on a thread that is in a namespace meanwhile; sockets that fn
// opens stay there.
func within(ns string, fn func() error) error {
	// The main thread would be taken for the whole process by who looks for
	// processes to end, so it must be back before the namespace goes.
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace: %w", err)
	}
	defer func() { _ = home.Close() }()
	there, err := os.Open("/run/netns/" + ns)
	if err == nil {
		defer func() { _ = there.Close() }()
		err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET)
	}
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace: %w", err)
	}
	err = fn()
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, fmt.Errorf("leave namespace: %w", back)) // locked for good
	}
	runtime.UnlockOSThread()
	return err
}

// plain has a card of this thread's namespace send frames as they go on a
// wire: with their checksums, and no longer than a wire takes. Between the
// ends of a veth pair the kernel saves itself both.
func plain(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	for _, feature := range []uint32{unix.ETHTOOL_STSO, unix.ETHTOOL_SGSO, unix.ETHTOOL_STXCSUM} {
		off := struct{ cmd, value uint32 }{cmd: feature}
		req := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&off)}
		copy(req.name[:unix.IFNAMSIZ-1], name)
		if _, _, no := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&req))); no != 0 {
			return fmt.Errorf("set up %s: %w", name, no)
		}
	}
	return nil
}
