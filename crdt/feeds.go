package crdt

import (
	"fmt"
	"maps"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// A feed is told of every few minutes, for as long as it is one. So its events
// have an index of their own, in which a writer's last word in a document stands
// for those before it, and only the feeds are folded that news came of.

// Feeds are what tells nodes of staff. The slice is shared: do not change it.
func (r *Replica) Feeds() record.Feeds {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.feeds
}

// eachFed folds the feeds whose rows have a prefix.
func (r *Replica) eachFed(prefix []byte, fn func(fedAt, record.Feed)) error {
	var at fedAt
	var told []record.Stated
	flush := func() {
		if f, ok := record.FoldFeed(told); ok {
			fn(at, f)
		}
		told = told[:0]
	}
	counted := map[slot][]record.Stated{}
	lo, hi := store.Prefix(prefix)
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		a, s, err := parseFed(k, v)
		if err != nil {
			return err
		}
		if a != at {
			flush()
			at = a
		}
		if a.node == r.cfg.Node {
			r.clock.Resume(s.Event.At)
		}
		if !r.late(s.ID) {
			told = append(told, s)
			return nil
		}
		// A revoked node's last word: what it said before counts.
		from := slot{s.ID.Doc, s.ID.Actor}
		if _, read := counted[from]; !read {
			if counted[from], err = r.countedFed(from); err != nil {
				return err
			}
		}
		for _, s := range counted[from] {
			if s.Event.Feed == a.name {
				told = append(told, s)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("fold feeds: %w", err)
	}
	flush()
	return nil
}

// countedFed are a writer's words on feeds in a document that count, from the log.
func (r *Replica) countedFed(at slot) (out []record.Stated, err error) {
	err = r.entries(at.doc, &at.actor, func(e entry) error {
		change, err := shape.DecodeDay(e.env.Payload)
		if err != nil {
			return err
		}
		event, err := codec.DecodeEvent(change.Event)
		if err == nil && event.OfFeed() && !r.late(e.env.ID) {
			out = append(out, record.Stated{ID: e.env.ID, Event: event})
		}
		return err
	})
	return out, err
}

// foldFeeds folds all that the index holds. Callers hold folding.
func (r *Replica) foldFeeds() error {
	all := newFedBy()
	if err := r.eachFed([]byte{keyFed}, all.put); err != nil {
		return err
	}
	for node := range all.names {
		all.choose(node)
	}
	r.state.fed = all
	r.showFeeds()
	return nil
}

// refoldFeeds folds those feeds anew that some of these entries tell of. Callers
// hold folding.
func (r *Replica) refoldFeeds(entries []staged) error {
	of := map[fedAt]bool{}
	for _, s := range entries {
		if s.event != nil && s.event.OfFeed() && !r.late(s.id) {
			of[fedOf(*s.event, s.id)] = true
		}
	}
	return r.foldFed(of)
}

// foldFed folds some feeds anew. Callers hold folding.
func (r *Replica) foldFed(of map[fedAt]bool) error {
	if len(of) == 0 {
		return nil
	}
	nodes := map[record.NodeID]bool{}
	for a := range of {
		nodes[a.node] = true
		delete(r.state.fed.names[a.node], a.name)
		if err := r.eachFed(a.prefix(), r.state.fed.put); err != nil {
			return err
		}
	}
	for node := range nodes {
		r.state.fed.choose(node)
	}
	r.showFeeds()
	return nil
}

func (r *Replica) showFeeds() {
	now := record.ListFeeds(r.state.fed.listed)
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.feeds = now
}

// fedBy are the feeds of each node that are not over, and those that count.
type fedBy struct {
	names  map[record.NodeID]map[record.FeedName]record.Feed
	listed map[record.NodeID]record.Feeds
}

func newFedBy() fedBy {
	return fedBy{map[record.NodeID]map[record.FeedName]record.Feed{}, map[record.NodeID]record.Feeds{}}
}

func (x fedBy) put(a fedAt, f record.Feed) {
	if x.names[a.node] == nil {
		x.names[a.node] = map[record.FeedName]record.Feed{}
	}
	x.names[a.node][a.name] = f
}

// choose lists those of a node that count.
func (x fedBy) choose(node record.NodeID) {
	var all record.Feeds
	for f := range maps.Values(x.names[node]) {
		all = all.With(f)
	}
	if x.listed[node] = all; len(all) == 0 {
		delete(x.names, node)
		delete(x.listed, node)
	}
}
