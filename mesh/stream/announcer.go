package stream

import (
	"sync"

	"github.com/upprop/upprop/mesh/identity"
)

// Announcer calls the functions given to a Network's Notify, one at a time
// and in the order of the announcements, from a goroutine of its own. It is
// for implementations of Network.
type Announcer struct {
	mu     sync.Mutex
	wake   *sync.Cond
	fns    []func(identity.NodeID, bool)
	queue  []announcement
	closed bool
	done   chan struct{}
}

type announcement struct {
	peer identity.NodeID
	up   bool
}

// NewAnnouncer starts an Announcer; Close stops it.
func NewAnnouncer() *Announcer {
	a := &Announcer{done: make(chan struct{})}
	a.wake = sync.NewCond(&a.mu)
	go a.run()
	return a
}

// Notify adds a function to be called for announcements from now on.
func (a *Announcer) Notify(fn func(peer identity.NodeID, up bool)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fns = append(a.fns, fn)
}

// Announce queues one change and returns at once. After Close it does nothing.
func (a *Announcer) Announce(peer identity.NodeID, up bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.queue = append(a.queue, announcement{peer, up})
	a.wake.Signal()
}

// Close delivers what has been announced and waits for it. Idempotent.
func (a *Announcer) Close() {
	a.mu.Lock()
	a.closed = true
	a.wake.Signal()
	a.mu.Unlock()
	<-a.done
}

func (a *Announcer) run() {
	defer close(a.done)
	for {
		a.mu.Lock()
		for len(a.queue) == 0 && !a.closed {
			a.wake.Wait()
		}
		if len(a.queue) == 0 {
			a.mu.Unlock()
			return
		}
		next, fns := a.queue[0], a.fns
		a.queue = a.queue[1:]
		a.mu.Unlock()
		for _, fn := range fns {
			fn(next.peer, next.up)
		}
	}
}
