package memnet

import (
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// flap cuts and restores one path again and again. Net.mu guards it.
type flap struct {
	net   *Net
	a, b  identity.NodeID
	mode  Mode
	every time.Duration
	cut   bool
	over  bool
	timer *time.Timer
}

// Flap cuts the path between two hosts and restores it, over and over, each
// state lasting between half of every and one and a half. The function
// returned stops it and leaves the path restored; it may be called twice.
func (n *Net) Flap(mode Mode, a, b identity.NodeID, every time.Duration) (stop func()) {
	f := &flap{net: n, a: a, b: b, mode: mode, every: every}
	n.mu.Lock()
	n.flaps[f] = struct{}{}
	f.schedule()
	n.mu.Unlock()
	return func() {
		n.mu.Lock()
		f.end()
		n.mu.Unlock()
		n.Restore(a, b)
	}
}

// schedule arms the next turn. The caller holds mu.
func (f *flap) schedule() {
	wait := f.every/2 + time.Duration(f.net.rng.Int64N(int64(max(f.every, 1))))
	f.timer = time.AfterFunc(wait, f.turn)
}

func (f *flap) turn() {
	f.net.change(func(fs *faults) {
		if f.over {
			return
		}
		f.cut = !f.cut
		for _, way := range []arrow{{f.a, f.b}, {f.b, f.a}} {
			if f.cut {
				fs.cuts[way] = f.mode
			} else {
				delete(fs.cuts, way)
			}
		}
		f.schedule()
	})
}

// end stops the flapping. The caller holds mu. Idempotent.
func (f *flap) end() {
	f.over = true
	f.timer.Stop()
	delete(f.net.flaps, f)
}
