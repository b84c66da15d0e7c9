package phone

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/upprop/upprop/node/pairing"
)

const (
	// perSecond and burst are for one pairing: a page asks every two seconds, and
	// once for each fifty acts that wait.
	perSecond = 5
	burst     = 40
	// maxRates bounds what is remembered of who asked.
	maxRates = 4096
)

// rates hold each pairing to its pace. The zero value is ready.
type rates struct {
	mu sync.Mutex
	of map[pairing.ID]*rate.Limiter
}

func (r *rates) allow(id pairing.ID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil || len(r.of) >= maxRates {
		r.of = map[pairing.ID]*rate.Limiter{}
	}
	l := r.of[id]
	if l == nil {
		l = rate.NewLimiter(perSecond, burst)
		r.of[id] = l
	}
	return l.AllowN(now, 1)
}
