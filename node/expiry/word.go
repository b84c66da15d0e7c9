package expiry

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
)

const (
	// JustNow is how old the news of a node may be whose clock is compared.
	JustNow = time.Minute
	// Agreeing is how far another node's clock may be off and still bear out
	// ours: it is a matter of days, and not every machine is told the time.
	Agreeing = time.Hour
)

// Word is what others say of our clock.
type Word int

const (
	// Nobody: this node is all of its campus.
	Nobody Word = iota
	// Silence: there are others, and none is heard.
	Silence
	// Denied: of the clocks that are heard, ours among them, most have another
	// day, or as many.
	Denied
	// BorneOut: of the clocks that are heard, ours among them, more have our day
	// than another.
	BorneOut
)

// WordOf is what the news say of our clock: of the clocks that are heard, ours
// among them, most have it, or not.
func WordOf(news []mesh.NodeNews, now time.Time) Word {
	w, agreeing, denying := Nobody, 0, 0
	for _, x := range news {
		switch {
		case x.State == mesh.Self || x.State == mesh.Revoked:
		case Agrees(x, now):
			agreeing++
		case Heard(x, now):
			denying++
		default:
			w = Silence
		}
	}
	switch {
	case agreeing > 0 && agreeing+1 > denying:
		return BorneOut
	case agreeing+denying > 0:
		return Denied
	}
	return w
}

// Earliest is the earliest date that any clock shows of those that are heard,
// ours not among them; zero: none is heard.
func Earliest(news []mesh.NodeNews, now time.Time) (day record.Day) {
	for _, x := range news {
		if !Heard(x, now) {
			continue
		}
		if d := record.DayOf(now.Add(x.ClockOffset)); day == 0 || d < day {
			day = d
		}
	}
	return day
}

// Heard reports whether a member's own word came just now.
func Heard(x mesh.NodeNews, now time.Time) bool {
	return x.State != mesh.Self && x.State != mesh.Revoked && x.Direct && now.Sub(x.LastHeard).Abs() <= JustNow
}

// Agrees reports whether a member that is heard has our day, near enough.
func Agrees(x mesh.NodeNews, now time.Time) bool {
	return Heard(x, now) && x.ClockOffset.Abs() <= Agreeing
}
