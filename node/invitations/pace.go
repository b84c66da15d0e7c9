package invitations

import (
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// pace bounds how often something is done of one invitation at this node. It is in
// memory alone. Safe for concurrent use.
type pace struct {
	most int
	per  time.Duration
	mu   sync.Mutex
	done map[record.VisitID][]time.Time
}

func newPace(most int, per time.Duration) *pace {
	return &pace{most: most, per: per, done: map[record.VisitID][]time.Time{}}
}

// allow counts one more, and reports whether that is within bounds.
func (p *pace) allow(id record.VisitID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for v, all := range p.done {
		for len(all) > 0 && now.Sub(all[0]) >= p.per {
			all = all[1:]
		}
		if p.done[v] = all; len(all) == 0 {
			delete(p.done, v)
		}
	}
	if len(p.done[id]) >= p.most {
		return false
	}
	p.done[id] = append(p.done[id], now)
	return true
}
