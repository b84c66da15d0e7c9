package mesh

import "sync"

// queue is what waits to be pushed to one peer: entries, then the newest
// beat. It is bounded; on overflow all entries are dropped and the peer is to
// be told to repair itself by pulling.
type queue struct {
	limit int // bytes

	mu      sync.Mutex
	entries [][]byte
	size    int
	beat    []byte
	repair  bool
	ready   chan struct{} // capacity one
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, ready: make(chan struct{}, 1)}
}

// push adds entries, keeping the slices, and reports whether the queue
// overflowed. Never blocks.
func (q *queue) push(entries [][]byte) (overflow bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range entries {
		// A slice costs its header too: empty entries are not free.
		if q.size += len(e) + 24; q.size > q.limit {
			q.entries, q.size, q.repair = nil, 0, true
			overflow = true
			continue
		}
		q.entries = append(q.entries, e)
	}
	q.signal()
	return overflow
}

// say sets the beat to be sent after the entries queued so far, in place of
// an older one.
func (q *queue) say(beat []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.beat = beat
	q.signal()
}

// lost notes that something taken earlier did not arrive.
func (q *queue) lost() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.repair = true
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// batch is what one take of the queue yields.
type batch struct {
	repair  bool
	entries [][]byte
	beat    []byte
}

// take empties the queue of everything, or of about chunkSize of entries when
// there are more; the beat comes with the last of them.
func (q *queue) take() (b batch, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.entries) && size < chunkSize {
		size += len(q.entries[n])
		q.size -= len(q.entries[n]) + 24
		n++
	}
	b.entries = q.entries[:n:n]
	q.entries = q.entries[n:]
	b.repair, q.repair = q.repair, false
	if len(q.entries) == 0 {
		q.entries = nil
		b.beat, q.beat = q.beat, nil
	}
	return b, b.repair || n > 0 || b.beat != nil
}
