package mesh

import (
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

const (
	// maxOwnLosses bounds the lives of ours that are remembered to be missed.
	maxOwnLosses = 4
	// waitOwn is for how long we wait for members who are not heard and might hold
	// what we lack: a door that is in doubt for ever is believed by nobody.
	waitOwn = 48 * time.Hour
)

// ownLosses are beats of our own that name entries which are not here: we were
// put back to an old copy, or another machine runs with our key.
type ownLosses struct {
	mu sync.Mutex
	// last is our newest beat of before the start, with what we were complete as
	// of by then.
	last  beat.Kept
	all   []*ownLoss
	count uint64 // of beats taken in
}

// ownLoss is the newest such beat of one life.
type ownLoss struct {
	beat  beat.Beat
	heard time.Time // first, by our clock
	from  time.Time // all that we acknowledged before is here; zero: not known
	count uint64
	asked map[identity.NodeID]bool // compared with since
	lost  bool                     // no member has it, or has said so in time
}

// restore takes an own beat that was kept over a restart and is not held.
func (o *ownLosses) restore(k beat.Kept) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(&ownLoss{beat: k.Beat, heard: k.Got, from: k.AsOf, lost: !k.Loss.To.IsZero()})
}

// begin takes one that is.
func (o *ownLosses) begin(k beat.Kept) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last.Beat.N == 0 || k.Beat.Compare(o.last.Beat) > 0 {
		o.last = k
	}
}

// add has mu held.
func (o *ownLosses) add(l *ownLoss) {
	if len(o.all) == maxOwnLosses {
		o.all = slices.Delete(o.all, 0, 1)
	}
	o.count++
	l.count, l.asked = o.count, map[identity.NodeID]bool{}
	o.all = append(o.all, l)
}

// hear takes an own beat that others remember and that is not held, and reports
// whether it is the first of its life.
func (o *ownLosses) hear(b beat.Beat, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.all {
		if l.beat.Incarnation != b.Incarnation {
			continue
		}
		if b.N > l.beat.N {
			o.count++
			l.beat, l.heard, l.count, l.lost = b, now, o.count, false
			clear(l.asked)
		}
		return false
	}
	// What a life of ours acknowledged that began after this beat's is no sign of
	// how far this one had come when it was copied.
	from := o.last.AsOf
	if o.last.Beat.N == 0 || o.last.Beat.Incarnation.Compare(b.Incarnation) > 0 || from.After(b.At) {
		from = time.Time{}
	}
	o.add(&ownLoss{beat: b, heard: now, from: from})
	return true
}

// none is as a rule.
func (o *ownLosses) none() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.all) == 0
}

// counted is to be read before a comparison and given to compared after it.
func (o *ownLosses) counted() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count
}

// compared: all that a member holds was compared, and what was missing fetched.
func (o *ownLosses) compared(with identity.NodeID, since uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.all {
		if l.count <= since {
			l.asked[with] = true
		}
	}
}

// judge drops the losses for which over is true, and finds those lost that none
// of the others has, or for which we have waited long enough. It reports whether
// anything changed.
func (o *ownLosses) judge(others []identity.NodeID, now time.Time, over func(*ownLoss) bool) (changed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.all)
	o.all = slices.DeleteFunc(o.all, over)
	changed = len(o.all) != n
	for _, l := range o.all {
		asked := !slices.ContainsFunc(others, func(id identity.NodeID) bool { return !l.asked[id] })
		if !l.lost && (asked || now.Sub(l.heard).Abs() > waitOwn) {
			l.lost, changed = true, true
		}
	}
	return changed
}

// tell says in our own news what we lack. What nobody has holds nothing up: the
// news then says only that it was lost, as that of other nodes does.
func (o *ownLosses) tell(n *beat.News) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n.Regressed = beat.Regressed{}
	for _, l := range o.all {
		if !l.lost {
			n.Covered = false
			if l.from.Before(n.AsOf) {
				n.AsOf = l.from
			}
		}
		if r := &n.Regressed; r.To.IsZero() || l.from.Before(r.From) {
			r.From = l.from
		}
		if l.beat.At.After(n.Regressed.To) {
			n.Regressed.To = l.beat.At
		}
	}
}

// keep are the losses to save.
func (o *ownLosses) keep() (kept []beat.Kept) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.all {
		kept = append(kept, beat.Missed(l.beat, l.heard, l.from, l.lost))
	}
	return kept
}

// missOwn takes a beat of ours that others remember, if it names what is not
// here.
func (m *Mesh) missOwn(b beat.Beat) {
	if m.cfg.Log.HoldsNamed(m.self, b.Position) {
		return
	}
	if m.losses.hear(b, m.cfg.Clock()) {
		m.cfg.Logger.Warn("this node lacks what it has acknowledged itself; it was put back to an old copy, or runs twice")
		m.saveBeats()
	}
	signal(m.dirty)
}

// judgeOwn looks again at what we lack of our own. It is over when all that was
// named is here and everything has been compared with somebody since, for what is
// older comes after what is new. Like others' losses it is also over when
// position, our newest, names its days no more and nobody has it. position may be
// nil.
func (m *Mesh) judgeOwn(position []byte) {
	if m.losses.none() {
		return
	}
	var others []identity.NodeID
	for _, who := range m.cfg.Roster.Members() {
		if who.ID != m.self && who.Revoked == nil {
			others = append(others, who.ID)
		}
	}
	if m.losses.judge(others, m.cfg.Clock(), func(l *ownLoss) bool {
		return len(l.asked) > 0 && m.cfg.Log.HoldsNamed(m.self, l.beat.Position) ||
			l.lost && position != nil && m.cfg.Log.Within(m.self, l.beat.Position, position)
	}) {
		signal(m.dirty)
	}
}
