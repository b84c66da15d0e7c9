package identity

import "sync"

// watchers calls back in the order of arrival, one call at a time, without any
// lock of the roster held, so that a callback may use the roster freely.
type watchers struct {
	mu      sync.Mutex
	fns     map[int]func(Record)
	next    int
	backlog []Record
	busy    bool
}

// Watch has fn called for every record added from now on, after it shows in
// what the roster answers. Calls are serial and in order, on the goroutine of
// some caller of Add or Merge; fn must not block for long. stop ends the
// calls; one may still be under way when it returns.
func (r *Roster) Watch(fn func(Record)) (stop func()) {
	w := &r.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fns == nil {
		w.fns = map[int]func(Record){}
	}
	id := w.next
	w.next++
	w.fns[id] = fn
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.fns, id)
	}
}

func (w *watchers) queue(recs []Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.backlog = append(w.backlog, recs...)
}

// deliver empties the backlog unless another goroutine is at it already.
func (w *watchers) deliver() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy {
		return
	}
	w.busy = true
	defer func() { w.busy = false }()
	for len(w.backlog) > 0 {
		rec := w.backlog[0]
		w.backlog = w.backlog[1:]
		fns := make([]func(Record), 0, len(w.fns))
		for id := range w.next {
			if fn, ok := w.fns[id]; ok {
				fns = append(fns, fn)
			}
		}
		w.mu.Unlock()
		for _, fn := range fns {
			fn(rec)
		}
		w.mu.Lock()
	}
}
