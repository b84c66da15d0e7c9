package mesh

import (
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// Lack is what a connected member did not hold of what was held here, whoever
// wrote it, when everything was last compared with it.
type Lack struct {
	Entries uint64
	// At is when that was.
	At time.Time
	// Since is when the entry was first seen to be missing that it has waited
	// for longest: a member that catches up, however slowly, has a late one.
	// Zero when the comparison before this found nothing that still lacks.
	Since time.Time
}

// Lacks are of the connected members that have been compared with: one of
// them each RepairEvery, about.
func (m *Mesh) Lacks() map[identity.NodeID]Lack {
	out := map[identity.NodeID]Lack{}
	for _, p := range m.connected() {
		p.lacks.mu.Lock()
		if !p.lacks.last.At.IsZero() {
			out[p.id] = p.lacks.last
		}
		p.lacks.mu.Unlock()
	}
	return out
}

// maxLacking bounds the series that are watched for progress.
const maxLacking = 1024

// lacks follow one peer from comparison to comparison.
type lacks struct {
	mu   sync.Mutex
	last Lack
	open map[string]lacking
}

// lacking is a series of which the peer holds no more than have, since when.
type lacking struct {
	have  uint64
	since time.Time
}

// tally counts what the peer lacks during one comparison.
type tally struct {
	entries uint64
	open    map[string]lacking
}

// add counts a document. own must have been read before the peer was asked for
// theirs: what was written since may be on its way.
func (t *tally) add(doc string, own map[string]uint64, theirs []wireHead) {
	have := make(map[string]uint64, len(theirs))
	for _, h := range theirs {
		have[string(h.Actor)] = h.Seq
	}
	for actor, seq := range own {
		if have[actor] >= seq {
			continue
		}
		t.entries += seq - have[actor]
		if t.open == nil {
			t.open = map[string]lacking{}
		}
		if len(t.open) < maxLacking {
			t.open[span{Doc: doc, Actor: []byte(actor)}.key()] = lacking{have: have[actor]}
		}
	}
}

// settle takes a comparison that came to its end.
func (l *lacks) settle(t tally, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = Lack{Entries: t.entries, At: now}
	for key, x := range t.open {
		x.since = now
		if old, ok := l.open[key]; ok && old.have == x.have {
			x.since = old.since
			if l.last.Since.IsZero() || x.since.Before(l.last.Since) {
				l.last.Since = x.since
			}
		}
		t.open[key] = x
	}
	l.open = t.open
}
