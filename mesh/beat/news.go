package beat

import (
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// MaxOffset is how far a node's clock may be off before its news is suspect.
const MaxOffset = time.Minute

// Regressed says that a node lost what it acknowledged between two times of
// its own clock. Zero To: it lost nothing. Zero From with a To: the loss
// reaches back before all that is known here.
type Regressed struct {
	From, To time.Time
}

// News is what is known of one node.
type News struct {
	Node identity.NodeID
	// AsOf: every entry the node acknowledged before it is folded here. It is
	// in the node's own timeline, never later than our receipt; zero means
	// never.
	AsOf time.Time
	// LastHeard is when the node was last known to live, by our clock.
	LastHeard time.Time
	// Direct: the newest beat came from the node itself; else Via handed it on.
	Direct bool
	Via    identity.NodeID
	// Covered: everything in the newest beat is folded here.
	Covered bool
	// ClockOffset is the node's clock minus ours at the last direct beat, less
	// the time on the way; Suspect when it is over MaxOffset either way.
	ClockOffset time.Duration
	Suspect     bool
	Regressed   Regressed
}

// Snapshot is the news of every node heard of, in no order.
func (t *Table) Snapshot() []News {
	t.mu.Lock()
	defer t.mu.Unlock()
	news := make([]News, 0, len(t.nodes))
	for id, v := range t.nodes {
		n := News{
			Node: id, AsOf: v.asOf, LastHeard: v.heard, Direct: v.direct, Covered: v.covered,
			ClockOffset: v.offset, Suspect: v.offset.Abs() > MaxOffset, Regressed: v.loss,
		}
		if !v.direct {
			n.Via = v.from
		}
		news = append(news, n)
	}
	return news
}
