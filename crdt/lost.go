package crdt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// A database that was put back from a copy, beside the vault as it is now, has
// key records whose bucket key is gone. What this node alone had, nobody can be
// given any more, and others would wait for it for ever. So it says so, on
// record, and they take the entries without.

// lostAfter is how long others that have a key are given to hand it on before
// its writer says that it is lost.
const lostAfter = time.Minute

// lostKeys are the visits whose own keys were asked for and are gone, and since
// when that is known.
type lostKeys struct {
	mu    sync.Mutex
	since map[record.VisitID]time.Time
}

// maxLost bounds what is remembered; the rest is noticed again.
const maxLost = 1 << 16

func (l *lostKeys) note(v record.VisitID) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.since[v]; ok || len(l.since) >= maxLost {
		return false
	}
	if l.since == nil {
		l.since = map[record.VisitID]time.Time{}
	}
	l.since[v] = time.Now()
	return true
}

// due are the visits to be declared lost, and how long until the next are; zero
// when there are none.
func (l *lostKeys) due() (visits []record.VisitID, next time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for v, at := range l.since {
		wait := lostAfter - time.Since(at)
		switch {
		case wait <= 0 && len(visits) < codec.MaxActVisits:
			visits = append(visits, v)
		case wait <= 0:
			next = time.Second
		case next == 0 || wait < next:
			next = wait
		}
	}
	slices.SortFunc(visits, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) })
	return visits, next
}

func (l *lostKeys) forget(visits []record.VisitID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range visits {
		delete(l.since, v)
	}
}

// noteLost takes down that an own key was asked for and is gone.
func (r *Replica) noteLost(k record.PartKey, w keyRow, author record.NodeID) {
	if author != r.cfg.Node || w.state != keyLocked || w.until <= r.today() {
		return
	}
	for _, key := range [][]byte{tombKey(k.Visit), lostKey(k.Visit, author)} {
		if _, err := r.store.Get(key); err == nil {
			return
		}
	}
	if r.lost.note(k.Visit) {
		r.log.Warn("a key that others ask this node for is gone: the database was put back from a copy")
		r.shreds.signal()
	}
}

// declareLost puts on record which own keys are gone, and says when to look
// again.
func (r *Replica) declareLost() (next time.Duration, err error) {
	visits, next := r.lost.due()
	came := slices.DeleteFunc(slices.Clone(visits), r.lacks)
	r.lost.forget(came) // another node had them
	if visits = slices.DeleteFunc(visits, func(v record.VisitID) bool { return slices.Contains(came, v) }); len(visits) == 0 {
		return next, nil
	}
	if _, err := r.Commit(context.Background(), Draft{Acts: []record.Act{{Kind: record.ActLost, Visits: visits}}}); err != nil {
		return next, fmt.Errorf("declare keys lost: %w", err)
	}
	r.lost.forget(visits)
	return next, nil
}

// lacks reports whether a wrapped key of a visit is missing here.
func (r *Replica) lacks(v record.VisitID) bool {
	keys, err := r.keysOf(nil, v)
	for key := range keys {
		k, _ := parsePartKey([]byte(key))
		w, wrap, keyErr := r.keyRecord(k)
		err = errors.Join(err, keyErr)
		if keyErr == nil && wrap == nil && w.state != keyShredded {
			return true
		}
	}
	return err != nil
}

func lostKey(v record.VisitID, writer record.NodeID) []byte {
	return append(visitPrefix(keyLost, v), writer[:]...)
}

// anyWriter stands for all who have sealed something of a visit.
var anyWriter record.NodeID

// isLost reports whether a writer has said that its keys of a visit are gone,
// or a shred that does not count may have destroyed everybody's.
func (r *Replica) isLost(n *ranks, v record.VisitID, writer record.NodeID) (bool, error) {
	b, err := r.standing(n, lostKey(v, writer))
	if b == nil && err == nil {
		b, err = r.standing(n, lostKey(v, anyWriter))
	}
	return b != nil, err
}

// stageVain notes a shred that destroys nothing here, because its writer had
// been revoked. Who took it before hearing of that has destroyed the keys of
// its visits, and maybe nobody is left who has them: what was sealed of them is
// taken without, and asked for all the same.
func (r *Replica) stageVain(b *store.Batch, n *ranks, visits []record.VisitID, id record.EventID) error {
	for _, v := range visits {
		key := lostKey(v, anyWriter)
		old, err := r.standing(n, key)
		if err != nil {
			return err
		}
		if string(old) < string(id.Doc) {
			n.set(b, key, []byte(id.Doc))
		}
	}
	return nil
}

// dropLost forgets what a dropped document said of a writer's keys.
func (r *Replica) dropLost(b *store.Batch, v record.VisitID, writer record.NodeID, doc record.DocID) {
	key := lostKey(v, writer)
	if old, err := r.store.Get(key); err == nil && string(old) == string(doc) {
		b.Delete(key)
	}
}

// stageLost notes a writer's word that its keys are gone.
func (r *Replica) stageLost(b *store.Batch, n *ranks, visits []record.VisitID, id record.EventID) {
	for _, v := range visits {
		n.set(b, lostKey(v, id.Actor.Node()), []byte(id.Doc))
	}
}
