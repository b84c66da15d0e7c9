package nodetest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
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
	log  *slog.Logger
	pace pace
	dir  string
	fs   *store.CrashFS
	addr string // kept over restarts, unless moved
	copy *backup

	// mu orders acknowledgements against power cuts: what is noted before a
	// cut has been acknowledged before it.
	mu      sync.Mutex
	life    *life // that serves; nil when the power is off
	powered *life // that may write: also one that starts, stops or joins
	ended   *life // the last that ended by a power cut
	fuse    fuse
	// brim and flaw are what the disk fails with: for want of room, over restarts
	// until there is some, and for good, until it is replaced.
	brim, flaw fault

	revoked bool // by the first house
	full    bool // the disk is
	// laidBy is what it knew when it was last stopped in good order, and has on its
	// disk; nil while it is on, and where something may be in its memory alone.
	laidBy map[*fact]bool
	// couldSeal: it has known of keys to seal to.
	couldSeal bool
	back      int // how often it was put back to a copy
	backAt    time.Time
	moved     bool      // to another address
	began     time.Time // when it last started
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
	// shed are files of keys that lost their last name before they were blank: who
	// takes the machine finds them still. Guarded by mu.
	shed [][]byte
	// boxes are the key records that lay on the disk, of each part, since
	// anything was last put back: of what it has forgotten it destroys nothing.
	boxes map[record.PartKey][]resting
	// destroyed are those of them that could be read no more when the database
	// alone was last put back, and never can be again.
	destroyed map[record.PartKey][]resting
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

// life is the time between a start and the end that follows. All but the first
// three is guarded by the house's mu.
type life struct {
	node *node.Node
	disk *disk
	done chan error // closed when it has run

	host  *memnet.Host
	dark  bool           // its power was cut
	gone  chan struct{}  // closed when nothing of it is left
	over  bool           // it is
	cause error          // what its database broke of
	left  *store.CrashFS // what was on the disk then
	// choked: it wanted to write and had no room.
	choked bool
}

// begin puts the machine under power.
func (h *House) begin() *life {
	l := &life{done: make(chan error, 1), gone: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.powered = l
	return l
}

// end lets go of what is left of a life that has been closed. What its disk
// broke of, the next finds mended, but for a full disk.
func (h *House) end(l *life) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.powered == l {
		h.powered = nil
		if l.cause != nil {
			h.fs, h.cutShort = l.left, true
		}
	}
	if !l.over {
		l.over = true
		close(l.gone)
	}
}

// network is how a life reaches others.
func (h *House) network(l *life) func(*identity.Key, stream.Admit) (stream.Network, error) {
	return func(key *identity.Key, admit stream.Admit) (stream.Network, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if l.dark {
			return nil, errDark
		}
		host := h.net.Host(key.Private(), admit)
		h.ID = identity.IDOf(key.Private().Public().(ed25519.PublicKey))
		if h.addr == "" {
			h.addr = host.Addrs()[0]
		} else {
			h.addr = h.net.Move(h.ID, h.addr)
		}
		l.host = host
		return host, nil
	}
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

// start switches the power on. Errors: errDark where it went again, errNoRoom
// where the disk is full to the brim.
func (h *House) start() error {
	l := h.begin()
	n, err := node.Open(node.Config{
		Dir: h.dir, Network: h.network(l), Now: h.Clock.Now, Logger: h.log, Release: "sim", VaultFS: vaultDisk{seal.OSFS(), h, l}, VaultKDF: seal.KDF{Time: 1, Memory: 8, Threads: 1},
		OpenStore: h.openStore(l),
		BeatEvery: h.pace.beat, RepairEvery: h.pace.repair, DialEvery: h.pace.dial, KeysAhead: h.pace.ahead,
	})
	h.mu.Lock()
	dark, choked := l.dark, l.choked
	if err == nil && !dark {
		l.node, h.life, h.began = n, l, time.Now()
	}
	h.mu.Unlock()
	if err != nil || dark {
		if n != nil {
			_ = n.Close()
		}
		h.end(l)
		switch {
		case dark:
			err = errDark
		case choked:
			err = errNoRoom
		}
		return fmt.Errorf("%s does not start: %w", h.Name, err)
	}
	go func() {
		l.done <- n.Run(context.Background())
		close(l.done)
	}()
	synctest.Wait() // until it runs
	if h.Role == identity.RoleWarden && !n.PIN().State().Set {
		_ = n.PIN().Set([]byte(pinOf)) // the power may go at it, or the disk be full
	}
	if h.now() != l {
		return fmt.Errorf("%s does not start: %w", h.Name, errDark)
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

// stop ends the node in good order, or as far as the power and the disk let it.
func (h *House) stop() error {
	l := h.off()
	h.cutShort = h.cutShort || h.full // what it heard last may not be on its disk
	err := l.node.Close()
	if ended := <-l.done; ended != nil {
		err = errors.Join(err, ended)
	}
	h.mu.Lock()
	dark, cause := l.dark, l.cause
	h.mu.Unlock()
	h.end(l)
	if dark || cause != nil && errors.Is(err, store.ErrBroken) {
		return nil
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

// NodeID is the house's node in the words of the register.
func (h *House) NodeID() record.NodeID { return record.NodeID(h.ID) }
