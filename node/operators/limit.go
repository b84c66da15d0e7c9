package operators

import (
	"sync"
	"time"
)

const (
	// free is how many wrong passwords cost nothing; the next costs firstWait,
	// and each one after it twice as much, up to an account's or a device's most.
	free       = 4
	firstWait  = 5 * time.Second
	mostWait   = 15 * time.Minute
	mostAtNode = 30 * time.Second
	// forget is after how long without a wrong password all is forgotten.
	forget = time.Hour
	// maxCounted bounds what is counted at a time; the longest untouched goes.
	maxCounted = 4096
)

// limits count wrong passwords by account and by device, in memory only.
// Whoever sits at the node itself waits for that device's own mistakes alone,
// and for half a minute at most: nobody elsewhere can lock the node's own
// keyboard out.
type limits struct {
	now func() time.Time

	mu      sync.Mutex
	counted map[string]*count
}

type count struct {
	wrong int
	last  time.Time
	next  time.Time
	most  time.Duration
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, counted: map[string]*count{}}
}

// keys are what a try is counted under.
func (d Device) keys(account string) map[string]time.Duration {
	if d.AtNode {
		return map[string]time.Duration{"at node": mostAtNode}
	}
	return map[string]time.Duration{"device " + d.Addr: mostWait, "account " + account: mostWait}
}

// codeKeys are what a try of a second factor is counted under: apart from
// passwords, since a right one of those takes back no wrong code. At the node
// itself nobody waits for what was tried elsewhere.
func (d Device) codeKeys(id ID) map[string]time.Duration {
	if d.AtNode {
		return map[string]time.Duration{"code at node " + string(id): mostWait}
	}
	return map[string]time.Duration{"code device " + d.Addr: mostWait, "code account " + string(id): mostWait}
}

// passkeyKeys are what a passkey that is shown is counted under: by device, and
// by account once it is known whose it is.
func (d Device) passkeyKeys(id ID) map[string]time.Duration {
	switch {
	case d.AtNode:
		return map[string]time.Duration{"passkey at node " + string(id): mostAtNode}
	case id == "":
		return map[string]time.Duration{"passkey device " + d.Addr: mostWait}
	}
	return map[string]time.Duration{"passkey account " + string(id): mostWait}
}

// providerKeys are what coming back from an identity provider is counted under.
func (d Device) providerKeys() map[string]time.Duration {
	if d.AtNode {
		return map[string]time.Duration{"provider at node": mostAtNode}
	}
	return map[string]time.Duration{"provider device " + d.Addr: mostWait}
}

// begin counts a try as a wrong one until right takes that back, so that tries
// made at once are all counted. It returns how long to wait instead, if so.
func (l *limits) begin(keys map[string]time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var wait time.Duration
	for k := range keys {
		c := l.counted[k]
		if c == nil {
			continue
		}
		if now.Sub(c.last) >= forget {
			delete(l.counted, k)
			continue
		}
		// A clock that was set back does not make anybody wait longer.
		wait = max(wait, min(c.next.Sub(now), c.most))
	}
	if wait > 0 {
		return wait
	}
	for k, most := range keys {
		c := l.counted[k]
		if c == nil {
			l.room()
			c = &count{most: most}
			l.counted[k] = c
		}
		c.wrong++
		c.last = now
		if over := c.wrong - free; over > 0 {
			c.next = now.Add(min(firstWait<<min(over-1, 12), most))
		}
	}
	return 0
}

// right takes back what was counted: who knows the password is no guesser.
func (l *limits) right(keys map[string]time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := range keys {
		delete(l.counted, k)
	}
}

// room makes room for one more. Callers hold mu.
func (l *limits) room() {
	if len(l.counted) < maxCounted {
		return
	}
	oldest := ""
	for k, c := range l.counted {
		if oldest == "" || c.last.Before(l.counted[oldest].last) {
			oldest = k
		}
	}
	delete(l.counted, oldest)
}
