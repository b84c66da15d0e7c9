package node

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/visits"
)

// Where what feeds told is kept: by source, and by badge.
var (
	prefixFeed  = []byte("n/feed/")
	prefixBadge = []byte("n/badge/")
)

// Feeds tell this node of staff.
func (n *Node) Feeds() *feed.Service { return n.feeds }

func (n *Node) openFeeds() (err error) {
	n.feeds, err = feed.Open(feed.Config{
		File: n.folder.feeds(), House: fedHouse{n}, Keeper: feedKeeper{n.store}, Record: n.note, Now: n.cfg.Now, Logger: n.log,
	})
	return err
}

// staffType is the visit type of staff.
const staffType = "staff"

// fedHouse implements feed.House.
type fedHouse struct{ node *Node }

func (h fedHouse) Enter(ctx context.Context, v record.VisitID, at record.Place, name record.Private, said time.Time) error {
	_, err := h.node.visits.Enter(ctx, v, at, visits.Arrival{Name: name, Type: staffType, How: record.HowFed}, said)
	if errors.Is(err, visits.ErrTaken) {
		return feed.ErrTaken
	}
	return err
}

func (h fedHouse) See(ctx context.Context, v record.VisitID, at record.Place, said time.Time) error {
	return h.node.visits.SeenAt(ctx, v, at, record.HowFed, said)
}

func (h fedHouse) Leave(ctx context.Context, v record.VisitID, at record.Place, said time.Time) error {
	return h.node.visits.LeaveAt(ctx, v, at, said)
}

func (h fedHouse) Inside(v record.VisitID) (bool, error) {
	p, err := h.node.replica.Presence(v)
	if errors.Is(err, crdt.ErrUnknownVisit) {
		return false, nil
	}
	return err == nil && p.Open(), err
}

func (h fedHouse) Say(ctx context.Context, e record.Event) error {
	_, err := h.node.replica.Commit(ctx, crdt.Draft{Event: &e})
	return err
}

func (h fedHouse) Place() record.Place { return place(h.node.Self()) }

func (h fedHouse) Node() record.NodeID { return record.NodeID(h.node.key.ID()) }

func (h fedHouse) Barred() error { return h.node.Barred() }

// feedKeeper implements feed.Keeper.
type feedKeeper struct{ store.Store }

func (k feedKeeper) Load() (map[string]feed.State, error) {
	out := map[string]feed.State{}
	lo, hi := store.Prefix(prefixFeed)
	err := k.Scan(lo, hi, func(key, v []byte) error {
		var s feed.State
		if json.Unmarshal(v, &s) == nil { // what cannot be read is only a lost memory
			out[string(key[len(prefixFeed):])] = s
		}
		return nil
	})
	return out, err
}

func (k feedKeeper) Save(source string, s feed.State) error {
	key := under(prefixFeed, []byte(source))
	if s == (feed.State{}) {
		var b store.Batch
		b.Delete(key)
		return k.Apply(&b)
	}
	return k.put(key, s)
}

func (k feedKeeper) put(key []byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return put(k.Store, key, b)
}

func (k feedKeeper) Last(t feed.Tag) (l feed.Last, err error) {
	b, err := k.Get(under(prefixBadge, t[:]))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return l, nil
	case err != nil:
		return l, err
	}
	return l, json.Unmarshal(b, &l)
}

func (k feedKeeper) Note(t feed.Tag, l feed.Last) error { return k.put(under(prefixBadge, t[:]), l) }

// forgetAtOnce bounds one batch of what is forgotten.
const forgetAtOnce = 1000

func (k feedKeeper) Forget(of func(feed.Last) bool) error {
	for {
		var b store.Batch
		n := 0
		lo, hi := store.Prefix(prefixBadge)
		if err := k.Scan(lo, hi, func(key, v []byte) error {
			var l feed.Last
			if err := json.Unmarshal(v, &l); n < forgetAtOnce && (err != nil || of(l)) {
				b.Delete(key)
				n++
			}
			return nil
		}); err != nil || n == 0 {
			return err
		}
		if err := k.Apply(&b); err != nil {
			return err
		}
	}
}
