package operators

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/node/operators/passkey"
)

const (
	// askedFor is how long a question to a browser may be answered.
	askedFor = 5 * time.Minute
	// maxAsked bounds the questions that wait; the oldest goes.
	maxAsked = 1024
	// maxAskedOf bounds those of one device, or one operator: of more its own oldest
	// goes, so that who asks and asks takes nobody else's.
	maxAskedOf = 32
)

// asked is a question to a browser that waits for its answer: for a passkey,
// whoever's, or, where id is set, for a new one of that operator's.
type asked struct {
	at       passkey.Party
	q        passkey.Question
	by       string // the device, or the operator
	since    time.Time
	id       ID
	password string
	name     string
}

// questions are those that this node has asked of late, in memory only: each can
// be answered once, and at no other node.
type questions struct {
	now func() time.Time

	mu    sync.Mutex
	held  map[string]asked
	order []string
}

// put keeps a question, and returns the name under which it is answered.
func (q *questions) put(a asked) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	a.since = q.now()
	for len(q.order) > 0 && (len(q.order) >= maxAsked || q.over(q.held[q.order[0]])) {
		delete(q.held, q.order[0])
		q.order = q.order[1:]
	}
	own := 0
	for i := len(q.order) - 1; i >= 0; i-- {
		if one, ok := q.held[q.order[i]]; !ok || one.by != a.by {
			continue
		}
		if own++; own >= maxAskedOf {
			delete(q.held, q.order[i])
			q.order = slices.Delete(q.order, i, i+1)
		}
	}
	name := rand.Text()
	q.held[name] = a
	q.order = append(q.order, name)
	return name
}

// take gives a question, this one time.
func (q *questions) take(name string) (asked, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	a, ok := q.held[name]
	delete(q.held, name)
	return a, ok && !q.over(a)
}

// over: also where the clock was set back.
func (q *questions) over(a asked) bool { return q.now().Sub(a.since).Abs() >= askedFor }
