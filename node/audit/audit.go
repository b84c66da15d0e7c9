// Package audit keeps who did what on record, by ids alone, and finds out
// whether the record has been tampered with. Each node's acts are a chain of
// hashes, replicated like all entries; this package writes to it and walks it.
// It decides nothing about who may do what.
//
// Invariant: no act that was acknowledged is lost, and none names a person.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// maxWaiting bounds the visits of acts that wait to be written.
	maxWaiting = 50_000
	// maxActVisits and maxEntryActs bound one act and one entry.
	maxActVisits = 256
	maxEntryActs = 16
	maxTogether  = maxActVisits * maxEntryActs
	// gather is how long acts wait for others to share an entry with.
	gather = 100 * time.Millisecond
	// again is how long after a failure writing is tried again.
	again = time.Second
	// farewell is how long the last acts may take to be written at the end.
	farewell = 5 * time.Second
)

// ErrFull means that too many acts wait to be written: the disk is in trouble,
// and what would be on record must not be done now.
var ErrFull = errors.New("acts cannot be put on record now: the disk is too slow or has failed; try again in a moment, and look at `upprop doctor`")

// Config is what a Log is made of; Logger has a default.
type Config struct {
	// Write writes acts as one entry, durable when it returns; a zero time is
	// filled in.
	Write func(ctx context.Context, acts []record.Act) error
	// By is by whom acts are done that come through this node.
	By     string
	Logger *slog.Logger
}

// Log puts acts on record. Safe for concurrent use.
type Log struct {
	cfg  Config
	poke chan struct{}

	mu sync.Mutex
	// waiting are the acts that are not durable yet, the oldest first; equal
	// ones are one act of many visits.
	waiting []act
	size    int
	settled chan struct{}
	writing int
}

type act struct {
	by, what, note string
	visits         map[record.VisitID]bool
}

// New makes a Log. Nothing is written before Run.
func New(cfg Config) *Log {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Log{cfg: cfg, poke: make(chan struct{}, 1), settled: make(chan struct{})}
}

// Act takes an act down; it never blocks on the disk. The same act of several
// visits, done before the first is written, is one act. Errors: ErrFull, and
// then the act is not on record and should not be done. What is taken but not
// yet durable is lost with the process alone; Sync waits for it.
func (l *Log) Act(what string, visits []record.VisitID, note string) error {
	return l.ActBy(l.cfg.By, what, visits, note)
}

// ActBy is Act by somebody else than those who come through this node.
func (l *Log) ActBy(by, what string, visits []record.VisitID, note string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	cost := max(len(visits), 1)
	if l.size+cost > maxWaiting {
		return ErrFull
	}
	if len(visits) == 0 {
		l.waiting = append(l.waiting, act{by: by, what: what, note: note})
		l.size++
	}
	for _, v := range visits {
		l.add(by, what, note, v)
	}
	select {
	case l.poke <- struct{}{}:
	default:
	}
	return nil
}

// add joins a visit to the newest act of the kind that is not being written
// yet and has room. Callers hold mu.
func (l *Log) add(by, what, note string, v record.VisitID) {
	for i := len(l.waiting) - 1; i >= l.writing; i-- {
		a := l.waiting[i]
		if a.by != by || a.what != what || a.note != note || a.visits == nil {
			continue
		}
		if a.visits[v] {
			return
		}
		if len(a.visits) < maxTogether {
			a.visits[v] = true
			l.size++
			return
		}
	}
	l.waiting = append(l.waiting, act{by, what, note, map[record.VisitID]bool{v: true}})
	l.size++
}

// Sync returns when all that Act took before is durable, or ctx ends.
func (l *Log) Sync(ctx context.Context) error {
	for {
		l.mu.Lock()
		empty, settled := len(l.waiting) == 0, l.settled
		l.mu.Unlock()
		if empty {
			return nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run writes until ctx ends, and then what still waits.
func (l *Log) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
		case <-l.poke:
			pause(ctx, gather)
		}
		if ctx.Err() != nil {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
			defer cancel()
			if err := l.flush(last); err != nil {
				l.cfg.Logger.Error("the last acts could not be put on record", "err", err)
			}
			return nil
		}
		if err := l.flush(ctx); err != nil && ctx.Err() == nil {
			l.cfg.Logger.Error("acts could not be put on record; tried again", "err", err)
			pause(ctx, again)
			select {
			case l.poke <- struct{}{}:
			default:
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// flush writes what waits; what could not be written waits on.
func (l *Log) flush(ctx context.Context) error {
	for {
		acts, n, cost := l.next()
		if n == 0 {
			return nil
		}
		err := l.cfg.Write(ctx, acts)
		l.mu.Lock()
		l.writing = 0
		if err == nil {
			l.waiting = slices.Delete(l.waiting, 0, n)
			l.size -= cost
			close(l.settled)
			l.settled = make(chan struct{})
		}
		l.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// next is one entry's worth of acts: the first n that wait, at least one.
func (l *Log) next() (out []record.Act, n, cost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.waiting {
		var parts []record.Act
		visits := make([]record.VisitID, 0, len(a.visits))
		for v := range a.visits {
			visits = append(visits, v)
		}
		slices.SortFunc(visits, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) })
		one := record.Act{Kind: record.ActAudit, What: a.what, By: a.by, Note: a.note}
		for part := range slices.Chunk(visits, maxActVisits) {
			one.Visits = part
			parts = append(parts, one)
		}
		if len(parts) == 0 {
			parts = []record.Act{one}
		}
		if n > 0 && len(out)+len(parts) > maxEntryActs {
			break
		}
		out, n, cost = append(out, parts...), n+1, cost+max(len(visits), 1)
	}
	l.writing = n
	return out, n, cost
}
