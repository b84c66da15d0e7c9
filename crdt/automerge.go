package crdt

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/automerge/automerge-go"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// epoch is the time of every change: the event inside says when, and signed.
var epoch = time.UnixMilli(0)

const (
	// maxUnions bounds the day documents kept in memory; others are read back
	// from the store when they are needed.
	maxUnions = 4
	// maxWaiting bounds the changes that wait to be applied to a union.
	maxWaiting = 512
)

// documents are the Automerge documents of the days, each the union of what
// all its writers have committed. A writer's changes form a chain of their own,
// so a change never depends on another node's.
type documents struct {
	r *Replica

	mu     sync.Mutex
	unions map[record.DocID]*union
	tick   uint64
}

type union struct {
	doc     *automerge.Doc
	pending []byte
	waiting int
	used    uint64
	// ahead: it holds changes of a batch that is not written yet.
	ahead bool
}

func newDocuments(r *Replica) *documents {
	return &documents{r: r, unions: map[record.DocID]*union{}}
}

// putScalar sets one root key, commits, and returns the change uncompressed.
func putScalar(doc *automerge.Doc, key string, value any) (raw []byte, hash [32]byte, err error) {
	if err := doc.RootMap().Set(key, value); err != nil {
		return nil, hash, fmt.Errorf("set: %w", err)
	}
	h, err := doc.Commit("", automerge.CommitOptions{Time: &epoch})
	if err != nil {
		return nil, hash, fmt.Errorf("commit: %w", err)
	}
	change, err := doc.Change(h)
	if err != nil {
		return nil, hash, fmt.Errorf("read change: %w", err)
	}
	raw, err = shape.Normalise(change.Save())
	return raw, [32]byte(h), err
}

// apply merges one foreign change into the union, in the core. The caller has
// checked its shape. The union is loaded if need be.
func (d *documents) apply(id record.DocID, raw []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	u, err := d.load(id)
	if err != nil {
		return err
	}
	u.ahead = true
	return u.doc.LoadIncremental(raw)
}

// settle ends a batch of foreign changes: those that were not written are
// forgotten with their documents.
func (d *documents) settle(written bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, u := range d.unions {
		if u.ahead && !written {
			delete(d.unions, id)
		}
		u.ahead = false
	}
	d.trim(maxUnions)
}

// trim lets go of the documents used least recently. One that is ahead stays:
// the store could not give it back. Callers hold mu.
func (d *documents) trim(keep int) {
	for len(d.unions) > keep {
		var oldest record.DocID
		for id, u := range d.unions {
			if !u.ahead && (oldest == "" || u.used < d.unions[oldest].used) {
				oldest = id
			}
		}
		if oldest == "" {
			return
		}
		delete(d.unions, oldest)
	}
}

// applied applies our own durable changes to a day's document in the core, a
// batch at a time: readers of the document flush it first. A long document
// that is not in memory waits for its next reader, so that nobody at a kiosk
// waits for it.
func (d *documents) applied(id record.DocID, raw []byte, seq uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.unions[id]
	if u == nil {
		if seq > 1 {
			return
		}
		// The store holds the change already, so loading applies it.
		if _, err := d.load(id); err != nil {
			d.r.log.Error("a day's document could not be read back", "doc", string(id), "err", err)
		}
		return
	}
	d.tick++
	u.used = d.tick
	u.pending = append(u.pending, raw...)
	if u.waiting++; u.waiting >= maxWaiting && u.flush() != nil {
		delete(d.unions, id) // read back from the store at next use
	}
}

func (u *union) flush() error {
	if u.waiting == 0 {
		return nil
	}
	err := u.doc.LoadIncremental(u.pending)
	u.pending, u.waiting = u.pending[:0], 0
	return err
}

func (d *documents) load(id record.DocID) (*union, error) {
	d.tick++
	if u := d.unions[id]; u != nil {
		u.used = d.tick
		return u, u.flush()
	}
	u := &union{doc: automerge.New(), used: d.tick}
	if err := d.readBack(u, id); err != nil {
		return nil, fmt.Errorf("read back document: %w", err)
	}
	d.trim(maxUnions - 1)
	d.unions[id] = u
	return u, nil
}

// drop lets go of a document in memory.
func (d *documents) drop(id record.DocID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.unions, id)
}

// errNotAutomerge: sealed documents, which hold what others wrote unchecked,
// never come near the core.
var errNotAutomerge = errors.New("not an Automerge document of this kind")

// Snapshot is the Automerge document as its core saves it. For day documents
// and the campus document.
func (r *Replica) Snapshot(id record.DocID) ([]byte, error) {
	switch d, err := record.ParseDocID(string(id)); {
	case err != nil:
		return nil, fmt.Errorf("snapshot: %w", err)
	case d.Kind == record.DocCampus:
		r.writing.Lock()
		defer r.writing.Unlock()
		return r.campus.doc.Save(), nil
	case d.Kind != record.DocDay:
		return nil, fmt.Errorf("snapshot: %w", errNotAutomerge)
	}
	_ = r.Sync() // what is acknowledged is in it; one that has failed reads on
	r.docs.mu.Lock()
	defer r.docs.mu.Unlock()
	u, err := r.docs.load(id)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return u.doc.Save(), nil
}

// DocumentEvents reads the events of a day back from its Automerge document:
// key `<actor>:<seq>` → encoded event. It is the check on the index that
// everything else reads.
func (r *Replica) DocumentEvents(id record.DocID) (map[string][]byte, error) {
	if d, err := record.ParseDocID(string(id)); err != nil || d.Kind != record.DocDay {
		return nil, fmt.Errorf("read document: %w", errors.Join(err, errNotAutomerge))
	}
	_ = r.Sync()
	r.docs.mu.Lock()
	defer r.docs.mu.Unlock()
	u, err := r.docs.load(id)
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	values, err := u.doc.RootMap().Values()
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	out := make(map[string][]byte, len(values))
	for k, v := range values {
		if v.Kind() == automerge.KindBytes {
			out[k] = v.Bytes()
		}
	}
	return out, nil
}
