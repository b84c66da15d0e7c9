package beat

import (
	"bytes"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	maxPending = 4  // uncovered beats waiting per node
	maxHistory = 12 // past positions kept per node, to date a loss
	maxLost    = 4  // losses followed per node until they heal
)

// view is what the table knows of one node.
type view struct {
	newest  Beat
	got     time.Time // when newest first came to anybody, by our clock
	born    time.Time // the same, by running time
	covered bool      // newest is
	last    Beat      // the newest beat that was covered
	lastGot time.Time

	heard  time.Time
	spoke  time.Time // last heard directly
	from   identity.NodeID
	direct bool
	offset time.Duration

	asOf    time.Time
	pending []waiting // ascending
	history []mark    // ascending
	lost    []Beat    // announced once, absent from later positions
	loss    Regressed
}

// waiting is a beat not yet covered and when it was received.
type waiting struct {
	beat Beat
	got  time.Time
}

// mark is a position and the last time at which it was announced.
type mark struct {
	at       time.Time
	position []byte
}

// hear notes who told us and when. A relayed beat may be long out of date, so
// it moves the time last heard no further than its own time.
func (v *view) hear(b Beat, s Source) {
	v.from, v.direct = s.From, s.Direct
	heard := s.At.Add(-s.Age)
	if s.Direct {
		v.offset, v.spoke = b.At.Sub(heard), s.At
	} else if at := b.At.Add(-v.offset); at.Before(heard) {
		heard = at
	}
	// What is ahead of our own clock was noted before that was set back.
	if heard.After(v.heard) || v.heard.After(s.At) {
		v.heard = heard
	}
}

// await queues a beat for judgement. When the queue is full the second oldest
// goes: the oldest is the first that can be covered, the newest worth most.
func (v *view) await(b Beat, got time.Time) {
	if len(v.pending) == maxPending {
		v.pending = append(v.pending[:1], v.pending[2:]...)
	}
	v.pending = append(v.pending, waiting{beat: b, got: got})
}

// judge moves complete-as-of over every waiting beat that is covered now, and
// reports whether it moved.
func (v *view) judge(log Log) bool {
	was := v.asOf
	rest := v.pending[:0]
	for _, w := range v.pending {
		if !log.Covers(w.beat.Node, w.beat.Position) {
			rest = append(rest, w)
			continue
		}
		asOf := w.beat.At
		if w.got.Before(asOf) {
			asOf = w.got
		}
		if asOf.After(v.asOf) {
			v.asOf = asOf
		}
		v.last, v.lastGot = w.beat, w.got
		v.covered = v.covered || w.beat.Same(v.newest)
	}
	clear(v.pending[len(rest):])
	v.pending = rest
	return !v.asOf.Equal(was)
}

// remember keeps a thinning history of positions: dense lately, sparse before.
func (v *view) remember(b Beat) {
	if n := len(v.history); n > 0 && bytes.Equal(v.history[n-1].position, b.Position) {
		v.history[n-1].at = b.At
		return
	}
	if len(v.history) == maxHistory {
		drop, best := 1, -1.0
		end := v.history[len(v.history)-1].at
		for i := 1; i < len(v.history)-1; i++ {
			gap := v.history[i+1].at.Sub(v.history[i-1].at).Seconds()
			age := end.Sub(v.history[i].at).Seconds() + 1
			if best < 0 || gap/age < best {
				drop, best = i, gap/age
			}
		}
		v.history = append(v.history[:drop], v.history[drop+1:]...)
	}
	v.history = append(v.history, mark{at: b.At, position: b.Position})
}

// compare looks at what b no longer holds of what the node announced before,
// and reports whether that is a loss not seen until now.
func (v *view) compare(log Log, b Beat) bool {
	rest := v.lost[:0]
	for _, m := range v.lost {
		if !log.Within(b.Node, m.Position, b.Position) {
			rest = append(rest, m)
		}
	}
	clear(v.lost[len(rest):])
	v.lost = rest
	if len(v.lost) == 0 {
		v.loss = Regressed{}
	}
	if log.Within(b.Node, v.newest.Position, b.Position) {
		return false
	}
	var from time.Time
	for i := len(v.history) - 1; i >= 0; i-- {
		if log.Within(b.Node, v.history[i].position, b.Position) {
			from = v.history[i].at
			break
		}
	}
	if len(v.lost) < maxLost {
		v.lost = append(v.lost, v.newest)
	}
	if v.loss.To.IsZero() || from.Before(v.loss.From) {
		v.loss.From = from
	}
	if v.newest.At.After(v.loss.To) {
		v.loss.To = v.newest.At
	}
	return true
}
