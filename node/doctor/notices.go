package doctor

import (
	"fmt"
	"time"
)

// Notices is how the outbox of this node stands.
type Notices struct {
	Pending int
	// Oldest is since when what waits longest has waited.
	Oldest  time.Time
	Failing []FailingChannel
}

// FailingChannel is a channel over which nothing goes: since when, and why in
// words.
type FailingChannel struct {
	Name  string
	Since time.Time
	Why   string
}

const (
	// slowNotice is how long a notice may wait before somebody should look.
	slowNotice = 10 * time.Minute
	// manyNotices is how many may wait.
	manyNotices = 500
)

func notices(f Facts) (out []Finding) {
	for _, c := range f.Notices.Failing {
		out = append(out, Finding{
			"notices-failing", Warning, f.Name,
			fmt.Sprintf("Nothing has gone over the channel %s since %s: %s.", c.Name, Stamp(c.Since), c.Why),
			"Hosts are not told that visitors have come, and those inside not that the alarm goes, over this channel. It is tried again and again.",
			fmt.Sprintf("Look at the channel's settings (`upprop notify list`) and at the network, then try it: `upprop notify test %s`.", c.Name),
		})
	}
	waited := f.Now.Sub(f.Notices.Oldest)
	if f.Notices.Pending > manyNotices || f.Notices.Pending > 0 && waited > slowNotice {
		out = append(out, Finding{
			"notices-waiting", Warning, f.Name,
			fmt.Sprintf("%d notices wait to be sent, the oldest since %s.", f.Notices.Pending, Stamp(f.Notices.Oldest)),
			"People are told late, or not at all: what waits too long is given up.",
			"See which channel is slow or fails: `upprop notify status`.",
		})
	}
	return out
}
