package kiosk

import (
	"sync"
	"time"
)

// drawer keeps values for a while, never more than max of them; the oldest go
// first. What is out of date is destroyed by a timer, whether or not anybody
// asks for it. Safe for concurrent use.
type drawer[V any] struct {
	mu    sync.Mutex
	max   int
	ttl   time.Duration
	now   func() time.Time
	slots map[string]slot[V]
	order []string // by age; may name keys that are gone
	sweep *time.Timer
	shut  bool
}

type slot[V any] struct {
	v     V
	until time.Time
}

func newDrawer[V any](max int, ttl time.Duration, now func() time.Time) *drawer[V] {
	return &drawer[V]{max: max, ttl: ttl, now: now, slots: map[string]slot[V]{}}
}

// put keeps v under a key, unless there is a value already: then that one is
// returned and found is true.
func (d *drawer[V]) put(key string, v V) (kept V, found bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	if s, ok := d.slots[key]; ok {
		return s.v, true
	}
	if d.shut {
		return v, false
	}
	for len(d.order) >= d.max {
		d.dropOldest()
	}
	d.slots[key] = slot[V]{v, d.now().Add(d.ttl)}
	d.order = append(d.order, key)
	if d.sweep == nil {
		d.sweep = time.AfterFunc(d.ttl, d.tidy)
	}
	return v, false
}

func (d *drawer[V]) get(key string) (V, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	s, ok := d.slots[key]
	return s.v, ok
}

func (d *drawer[V]) drop(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.slots, key)
}

// close empties the drawer for good.
func (d *drawer[V]) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = true
	clear(d.slots)
	d.order = nil
	if d.sweep != nil {
		d.sweep.Stop()
	}
}

// tidy runs on the timer; it goes on for as long as there is anything to tidy.
func (d *drawer[V]) tidy() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	if d.shut || len(d.slots) == 0 {
		d.sweep = nil
		return
	}
	d.sweep = time.AfterFunc(max(time.Second, d.slots[d.order[0]].until.Sub(d.now())), d.tidy)
}

// expire drops what is out of date and the leading names of what is gone. A
// key may stand in order twice after drop and put; then it goes a little
// early, never late.
func (d *drawer[V]) expire() {
	for len(d.order) > 0 {
		s, ok := d.slots[d.order[0]]
		if ok && d.now().Before(s.until) {
			return
		}
		d.dropOldest()
	}
}

func (d *drawer[V]) dropOldest() {
	delete(d.slots, d.order[0])
	d.order = d.order[1:]
}
