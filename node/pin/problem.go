package pin

import (
	"fmt"
	"math"
	"time"
)

// Problem is what a person can do something about: a key of the screens'
// catalogs, and a sentence for commands.
type Problem struct {
	Key  string
	Hint string
	// Wait is how long to wait before the next try.
	Wait time.Duration
}

func (p *Problem) Error() string { return p.Hint }

// Seconds is Wait in whole seconds, rounded up.
func (p *Problem) Seconds() int { return int(math.Ceil(p.Wait.Seconds())) }

var (
	errMalformed = &Problem{Key: "pin.malformed", Hint: "that is no PIN: a PIN has 4 to 12 digits and nothing else"}
	errNotHere   = &Problem{Key: "pin.not_here", Hint: "this node asks for no PIN: only a node with the role warden does"}
	errNone      = &Problem{Key: "pin.none", Hint: "no PIN is set on this node, and its names stay locked until one is: choose one with `upprop pin set`, or on its screen at /warden"}
	errLocked    = &Problem{Key: "pin.locked", Hint: "a PIN is set already and names are locked: unlock them with it first, then set another; if nobody knows it, let the node join anew with a fresh data folder"}
)

func wrongPIN(wait time.Duration) *Problem {
	p := &Problem{Key: "pin.wrong", Wait: wait, Hint: "this is not the PIN of this node, and names stay locked: try again"}
	if wait > 0 {
		p.Hint = fmt.Sprintf("this is not the PIN of this node, and names stay locked: wait %d seconds, then try again", p.Seconds())
	}
	return p
}

func tooEarly(wait time.Duration) *Problem {
	p := &Problem{Key: "pin.wait", Wait: wait}
	p.Hint = fmt.Sprintf("this was not tried, since too many wrong PINs were given: wait %d seconds, then try again", p.Seconds())
	return p
}
