package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// What is put on record, with the visit and an outcome, and no entry: the record
// outlives an erasure, and must not tell whom an erased visit was taken for.
const (
	actMatch  = "watch.match"
	actAnswer = "watch.answer"
	// actTell: a mail has been taken down.
	actTell = "watch.tell"
)

// ErrGone is Look's error about somebody of whom nothing is to be compared: they
// are erased or restricted, their date has come, or there is no such visit.
var ErrGone = errors.New("nothing of this visit is compared")

// Replica is what a Watcher asks of the register.
type Replica interface {
	End() crdt.Cursor
	Feed(after crdt.Cursor, most int) ([]crdt.Change, error)
	ReadActs(func(crdt.StoredActs) error) error
	Changed() <-chan struct{}
	Visits(func(record.Presence) error) error
	Shredded(record.VisitID) bool
}

// WatcherConfig is what a Watcher is made of; all are required but Tell, Logger
// and Now.
type WatcherConfig struct {
	Book    *Book
	Replica Replica
	// Look opens what is known of a visit or an invitation. Errors: ErrGone; all
	// others mean that it cannot be opened yet.
	Look func(record.VisitID) (Seen, error)
	// Expected are the invitations that stand.
	Expected func() []record.VisitID
	// Ready reports whether names may be shown.
	Ready func() bool
	// Counts reports whether a node's word counts: a desk's in good standing.
	Counts func(record.NodeID) bool
	// Tell tells people elsewhere of an alert that nobody has answered, which this
	// node has known for so long, and reports whether it did: it is asked again
	// until some desk has. Nil: nobody is told.
	Tell   func(a Alert, known time.Duration) bool
	Now    func() time.Time
	Logger interface {
		Error(msg string, args ...any)
	}
}

// Watcher compares, at a desk, all who come with the list, wherever they came in,
// as soon as this node hears of it. Safe for concurrent use.
type Watcher struct {
	cfg WatcherConfig

	mu      sync.Mutex
	read    bool
	digest  [32]byte
	today   record.Day
	listed  int
	cursor  crdt.Cursor
	alerts  map[record.VisitID]Alert
	later   map[record.VisitID]bool
	told    map[record.VisitID]time.Time
	sent    map[record.VisitID]time.Time
	known   map[record.VisitID]time.Time
	answers map[record.VisitID]Answer
	changed chan struct{}
}

// maxLater bounds whom a Watcher tries to open again.
const maxLater = 2000

// NewWatcher makes a Watcher.
func NewWatcher(cfg WatcherConfig) *Watcher {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	w := &Watcher{cfg: cfg, changed: make(chan struct{})}
	w.forget()
	return w
}

func (w *Watcher) forget() {
	w.read, w.alerts, w.later = false, map[record.VisitID]Alert{}, map[record.VisitID]bool{}
	w.told, w.answers = map[record.VisitID]time.Time{}, map[record.VisitID]Answer{}
	w.sent, w.known = map[record.VisitID]time.Time{}, map[record.VisitID]time.Time{}
}

// Changed is closed when the alerts have changed. Get it before Alerts.
func (w *Watcher) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// Alerts are those that this node knows, what nobody has answered first; none on
// a node that is no desk, and none of whom nothing may be shown.
func (w *Watcher) Alerts() (out []Alert) {
	if !w.cfg.Book.cfg.Desk() || !w.cfg.Ready() {
		return nil
	}
	stands := map[string]bool{}
	for _, e := range w.cfg.Book.List() {
		stands[e.ID] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for v, a := range w.alerts {
		// An entry that was taken off, or is over, says nothing more at once.
		a.Found = slices.DeleteFunc(slices.Clone(a.Found), func(f Found) bool { return !stands[f.Entry.ID] })
		if len(a.Found) == 0 || w.cfg.Replica.Shredded(v) {
			continue
		}
		if x, ok := w.answers[v]; ok && !x.At.Before(a.newest()) {
			a.Answer = &x
		}
		out = append(out, a)
	}
	return inOrder(out)
}

// Alert is that of one visit; false where there is none.
func (w *Watcher) Alert(v record.VisitID) (Alert, bool) {
	all := w.Alerts()
	i := slices.IndexFunc(all, func(a Alert) bool { return a.Visit == v })
	if i < 0 {
		return Alert{}, false
	}
	return all[i], true
}

// Answer puts on record what came of an alert. Errors: ErrNoAlert, ErrOutcome,
// ErrNotHere.
func (w *Watcher) Answer(by string, v record.VisitID, o Outcome) error {
	if !slices.Contains(outcomes, o) {
		return ErrOutcome
	}
	if err := w.cfg.Book.cfg.Barred(); err != nil {
		return err
	}
	if !w.cfg.Book.cfg.Desk() {
		return ErrNotHere
	}
	if _, ok := w.Alert(v); !ok {
		return ErrNoAlert
	}
	if err := w.cfg.Book.cfg.Act(by, actAnswer, []record.VisitID{v}, string(o)); err != nil {
		return fmt.Errorf("answer an alert: %w", err)
	}
	return nil
}

const (
	// gathering is how long changes are gathered before they are looked at, and
	// again how often it is tried to open what could not be.
	gathering = 200 * time.Millisecond
	again     = 5 * time.Second
)

// Run compares until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	tick := time.NewTicker(again)
	defer tick.Stop()
	retry := true
	for {
		changed := w.cfg.Replica.Changed()
		if err := w.look(retry); err != nil && ctx.Err() == nil && w.cfg.Logger != nil {
			w.cfg.Logger.Error("who came could not be compared with the watch list; tried again", "err", err)
		}
		retry = false
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			retry = true
			continue
		case <-changed:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(gathering):
		}
	}
}

// look compares whom there is news of; all, where the list is another. Where
// nothing is listed nothing is opened.
func (w *Watcher) look(retry bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	digest, any := w.cfg.Book.Digest()
	if !w.cfg.Book.cfg.Desk() || !any {
		if w.read {
			w.forget()
			w.tell()
		}
		return nil
	}
	if !w.cfg.Ready() {
		return nil
	}
	list, home := w.cfg.Book.List(), w.cfg.Book.Country()
	all := map[record.VisitID]bool{}
	if !w.read {
		w.cursor = w.cfg.Replica.End()
		if err := w.cfg.Replica.ReadActs(func(s crdt.StoredActs) error {
			w.take(s.ID, s.Acts)
			return nil
		}); err != nil {
			return err
		}
	}
	today := w.cfg.Book.cfg.Today() // on which entries may end
	if !w.read || digest != w.digest || today != w.today || len(list) != w.listed {
		if err := w.everybody(list, all); err != nil {
			return err
		}
		w.read, w.digest, w.today, w.listed = true, digest, today, len(list)
	}
	if err := w.catchUp(all); err != nil {
		return err
	}
	if retry {
		for v := range w.later {
			all[v] = true
		}
		for v, a := range w.alerts { // entries end, people leave
			if a.Open {
				all[v] = true
			}
		}
	}
	for v := range all {
		w.compare(v, list, home)
	}
	if retry {
		w.tellElsewhere()
	}
	return nil
}

// tellElsewhere has people told who do not look at a desk's page. Callers hold
// mu.
func (w *Watcher) tellElsewhere() {
	now := w.cfg.Now()
	for v := range w.known {
		if _, ok := w.alerts[v]; !ok {
			delete(w.known, v)
		}
	}
	for v, a := range w.alerts {
		if _, ok := w.known[v]; !ok {
			w.known[v] = now
		}
		newest := a.newest()
		if x, ok := w.answers[v]; ok && !x.At.Before(newest) {
			continue
		}
		if at, ok := w.sent[v]; ok && !at.Before(newest) || w.cfg.Tell == nil || !w.cfg.Tell(a, now.Sub(w.known[v])) {
			continue
		}
		if w.cfg.Book.cfg.Act("watch list", actTell, []record.VisitID{v}, "") == nil {
			w.sent[v] = now
		}
	}
}

// everybody are all who are inside or expected, and who came since the first
// entry was made.
func (w *Watcher) everybody(list []Entry, all map[record.VisitID]bool) error {
	var first time.Time
	for _, e := range list {
		if first.IsZero() || e.Added.Before(first) {
			first = e.Added
		}
	}
	for v := range w.alerts {
		all[v] = true // whose entry may be gone
	}
	if first.IsZero() {
		return nil
	}
	for _, v := range w.cfg.Expected() {
		all[v] = true
	}
	return w.cfg.Replica.Visits(func(p record.Presence) error {
		if p.Open() || !p.Since.Time().Before(first) {
			all[p.Visit] = true
		}
		return nil
	})
}

// catchUp are those of whom there is news since it was last looked.
func (w *Watcher) catchUp(all map[record.VisitID]bool) error {
	for {
		changes, err := w.cfg.Replica.Feed(w.cursor, 256)
		if err != nil || len(changes) == 0 {
			return err
		}
		for _, c := range changes {
			w.cursor = c.Cursor
			switch {
			case c.Acts != nil:
				w.take(c.ID, *c.Acts)
			case c.Event != nil && !c.Event.Visit.IsZero():
				all[c.Event.Visit] = true
			}
			for _, s := range c.Sealed {
				if !s.Visit.IsZero() {
					all[s.Visit] = true
				}
			}
		}
	}
}

// take takes what desks have put on record about alerts.
func (w *Watcher) take(id record.EventID, acts record.Acts) {
	for _, a := range acts.Acts {
		if a.Kind != record.ActAudit || a.What != actMatch && a.What != actAnswer && a.What != actTell || !w.cfg.Counts(id.Actor.Node()) {
			continue
		}
		at := a.At.Time()
		for _, v := range a.Visits {
			if of := map[string]map[record.VisitID]time.Time{actMatch: w.told, actTell: w.sent}[a.What]; of != nil {
				if at.After(of[v]) {
					of[v] = at
				}
				continue
			}
			if was, ok := w.answers[v]; !ok || at.After(was.At) {
				w.answers[v] = Answer{Outcome: Outcome(a.Note), By: a.By, Node: id.Actor.Node(), At: at}
				w.tell()
			}
		}
	}
}

// compare compares one of them. Callers hold mu.
func (w *Watcher) compare(v record.VisitID, list []Entry, home string) {
	was, had := w.alerts[v]
	s, err := w.cfg.Look(v)
	if err != nil {
		delete(w.later, v)
		if errors.Is(err, ErrGone) {
			delete(w.alerts, v)
		} else if len(w.later) < maxLater {
			w.later[v] = true
		}
		if had && errors.Is(err, ErrGone) {
			w.tell()
		}
		return
	}
	delete(w.later, v)
	a, ok := alert(v, s, list, home)
	if !ok {
		if delete(w.alerts, v); had {
			w.tell()
		}
		return
	}
	w.alerts[v] = a
	if !had || was.Open != a.Open || len(was.Found) != len(a.Found) {
		w.tell()
	}
	if told, ok := w.told[v]; ok && !told.Before(a.newest()) {
		return
	}
	if err := w.cfg.Book.cfg.Act("watch list", actMatch, []record.VisitID{v}, ""); err != nil {
		return // it is tried again with the next news of them
	}
	w.told[v] = w.cfg.Now()
}

// tell tells that the alerts have changed. Callers hold mu.
func (w *Watcher) tell() {
	close(w.changed)
	w.changed = make(chan struct{})
}
