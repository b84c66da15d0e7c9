package nodetest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node"
)

// House is one node with its machine: a folder, a disk, a clock and a power
// switch.
type House struct {
	Name  string
	Role  identity.Role
	ID    identity.NodeID
	Clock *Clock

	net  *memnet.Net
	pace pace
	dir  string
	fs   *store.CrashFS
	addr string // kept over restarts, unless moved
	host *memnet.Host
	copy *backup

	// mu orders acknowledgements against power cuts: what is noted before a
	// cut has been acknowledged before it.
	mu    sync.Mutex
	life  *life // nil when the power is off
	ended *life // the last that ended by a power cut
	fuse  fuse

	revoked bool // by the first house
	full    bool // the disk is
	// laidBy is what it knew when it was last stopped in good order, and has on its
	// disk; nil while it is on, and where something may be in its memory alone.
	laidBy map[*fact]bool
	// couldSeal: it has known of keys to seal to.
	couldSeal bool
	back      int // how often it was put back to a copy
	backAt    time.Time
	moved     bool // to another address
	offAt     time.Time
	fullAt    time.Time
	// cutShort: the last life did not end in good order.
	cutShort bool

	// jammed: the file of keys cannot be written. Guarded by mu.
	jammed bool
	// mixed: the database was put back to a copy and the file of keys was not.
	mixed bool
	// loot is what the file of keys tells; nil: it has changed since it was
	// read. Guarded by mu.
	loot    *loot
	derived derived
	// boxes are the key records that lay on the disk, of each visit, since
	// anything was last put back: of what it has forgotten it destroys nothing.
	boxes map[*visit][]resting
	// destroyed are those of them that could be read no more when the database
	// alone was last put back, and never can be again.
	destroyed map[*visit][]resting
	// buried are the visits that it knew to be erased.
	buried map[*visit]bool
	// excused are the visits whose receipts were given in a life that has been
	// put back.
	excused map[*visit]bool
	// may are the private keys that it may hold, once it has been revoked.
	may map[seal.KeyID]bool
	// aware: which houses it knew to be revoked, when last looked at.
	aware map[*House]bool
}

// life is the time between a start and the end that follows.
type life struct {
	node *node.Node
	disk *disk
	done chan error
	dark bool // its power was cut; guarded by the house's mu
}

func (h *House) network(key *identity.Key, admit stream.Admit) (stream.Network, error) {
	host := h.net.Host(key.Private(), admit)
	h.ID = identity.IDOf(key.Private().Public().(ed25519.PublicKey))
	if h.addr == "" {
		h.addr = host.Addrs()[0]
	} else {
		h.addr = h.net.Move(h.ID, h.addr)
	}
	h.host = host
	return host, nil
}

func (h *House) openStore(dir string) (store.Store, error) {
	return openDisk(h.fs.Watched(h.wrote), dir)
}

// now is the life that goes on, nil when the power is off.
func (h *House) now() *life {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.life
}

// Node is the running node, nil when the power is off.
func (h *House) Node() *node.Node {
	if l := h.now(); l != nil {
		return l.node
	}
	return nil
}

// start switches the power on.
func (h *House) start() error {
	l := &life{done: make(chan error, 1)}
	n, err := node.Open(node.Config{
		Dir: h.dir, Network: h.network, Now: h.Clock.Now, Release: "sim", VaultFS: vaultDisk{seal.OSFS(), h, l}, VaultKDF: seal.KDF{Time: 1, Memory: 8, Threads: 1},
		OpenStore: func(dir string) (store.Store, error) {
			d, err := openDisk(h.fs.Watched(h.wrote), dir)
			l.disk = d
			return d, err
		},
		BeatEvery: h.pace.beat, RepairEvery: h.pace.repair, DialEvery: h.pace.dial, KeysAhead: h.pace.ahead,
	})
	if err != nil {
		return fmt.Errorf("%s does not start: %w", h.Name, err)
	}
	l.node = n
	go func() { l.done <- n.Run(context.Background()) }()
	h.mu.Lock()
	h.life = l
	h.mu.Unlock()
	synctest.Wait() // until it runs
	if h.Role == identity.RoleWarden && !n.PIN().State().Set {
		_ = n.PIN().Set([]byte(pinOf)) // the power may go at it, or the disk be full
	}
	return nil
}

// pinOf is every handheld's PIN.
const pinOf = "4711"

// unlock gives a handheld its PIN where it asks for one.
func (h *House) unlock() {
	if n := h.Node(); n != nil && n.PIN().Locked() && n.PIN().State().Set {
		_ = n.PIN().Unlock([]byte(pinOf))
	}
}

// stop ends the node in good order.
func (h *House) stop() error {
	l := h.off()
	h.cutShort = h.cutShort || h.full // what it heard last may not be on its disk
	err := l.node.Close()
	if ended := <-l.done; ended != nil {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return fmt.Errorf("%s does not stop: %w", h.Name, err)
	}
	return nil
}

func (h *House) off() *life {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.life
	h.life, h.offAt = nil, time.Now()
	return l
}

// haste is how many turns others have before a write that the power may go at.
const haste = 16

// fuse cuts the power before a write or sync to come.
type fuse struct {
	left int // writes and syncs until then; below zero: not armed
	seed uint64
}

// wrote is called before each write and sync of the disk. Where the power may
// go at it, whoever does not wait for the disk has time to say so first.
func (h *House) wrote() {
	h.mu.Lock()
	armed := h.fuse.left >= 0 && h.life != nil
	h.mu.Unlock()
	if armed {
		for range haste {
			runtime.Gosched()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fuse.left < 0 || h.life == nil {
		return
	}
	if h.fuse.left--; h.fuse.left < 0 {
		h.dark(h.fuse.seed)
	}
}

// dark takes the power away, with mu held: nothing more is sent, and what is
// on the disk is what was synced, and of the rest a part chosen by seed. What
// is left of the life runs on unheard, on a disk that is no more, until it is
// closed.
func (h *House) dark(seed uint64) {
	h.host.Unplug()
	h.life.dark = true
	h.ended, h.life, h.offAt, h.cutShort = h.life, nil, time.Now(), true
	h.fs = h.fs.Crash(seed)
}

// cut takes the power away while work is being done: before one of the next
// writes to the disk, or when the work is done.
func (h *House) cut(writes int, seed uint64, work func()) {
	h.mu.Lock()
	h.fuse = fuse{writes, seed}
	h.mu.Unlock()
	work()
	h.mu.Lock()
	h.fuse.left = -1
	if h.life != nil {
		h.dark(seed)
	}
	l := h.ended
	h.mu.Unlock()
	_ = l.node.Close()
	<-l.done
}

// failDisk lets the disk fail under one of the next writes while work is being
// done, and waits for the node to end: it must, and with the right word.
func (h *House) failDisk(writes int, seed uint64, work func()) error {
	l := h.now()
	var left *store.CrashFS
	l.disk.failAfter(writes, func() { left = h.fs.Crash(seed) })
	work()
	if l.disk.failure() == nil {
		l.disk.failAfter(-1, nil)
		return nil // nothing was written meanwhile
	}
	select {
	case err := <-l.done:
		if !errors.Is(err, store.ErrBroken) {
			return fmt.Errorf("%s ended with %v after its disk failed", h.Name, err)
		}
	case <-time.After(time.Minute):
		return fmt.Errorf("%s goes on for a minute on a disk that has failed", h.Name)
	}
	h.off()
	_ = l.node.Close()
	h.mu.Lock()
	h.cutShort = true
	h.fs = left
	h.mu.Unlock()
	return nil
}

// NodeID is the house's node in the words of the register.
func (h *House) NodeID() record.NodeID { return record.NodeID(h.ID) }
