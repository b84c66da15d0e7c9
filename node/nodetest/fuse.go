package nodetest

import (
	"runtime"
	"time"
)

// haste is how many turns others have before a write that the power may go at.
const haste = 16

// fuse cuts the power before a change to come: to the database or to the file
// of keys, whatever the machine is about.
type fuse struct {
	left int // changes until then; below zero: not armed
	seed uint64
}

// wrote is called before each change of a life. Where the power may go at it,
// whoever does not wait for the disk has time to say so first.
func (h *House) wrote(l *life) {
	h.mu.Lock()
	armed := h.fuse.left >= 0 && h.powered == l
	h.mu.Unlock()
	if armed {
		for range haste {
			runtime.Gosched()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fuse.left < 0 || h.powered != l {
		return
	}
	if h.fuse.left--; h.fuse.left < 0 {
		h.dark(h.fuse.seed)
	}
}

// dark takes the power away, with mu held: nothing more is sent, nothing more
// can be written, and what is on the disk is what was synced, and of the rest a
// part chosen by seed. What is left of the life runs on unheard until it is
// closed.
func (h *House) dark(seed uint64) {
	l := h.powered
	if l.host != nil {
		l.host.Unplug()
	}
	l.dark = true
	h.ended, h.powered, h.life, h.offAt, h.cutShort = l, nil, nil, time.Now(), true
	h.fs = h.fs.Crash(seed)
}

// cut takes the power away while work is being done: before one of the next
// changes to the disk, or when the work is done.
func (h *House) cut(changes int, seed uint64, work func()) {
	h.mu.Lock()
	h.fuse, h.ended = fuse{changes, seed}, nil
	h.mu.Unlock()
	work()
	h.mu.Lock()
	h.fuse.left = -1
	if h.powered != nil {
		h.dark(seed)
	}
	l := h.ended
	h.mu.Unlock()
	if l == nil || l.node == nil { // it was stopped before, or never ran
		return
	}
	_ = l.node.Close()
	<-l.done
	h.end(l)
}
