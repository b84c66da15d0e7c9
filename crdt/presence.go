package crdt

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Open are all visits whose person may be inside, in order of visit id. The
// slice is the caller's.
func (r *Replica) Open() []record.Presence { return inOrder(r.OpenNow()) }

// OpenNow are those that Open returns, in no order and without a copy: whoever
// calls must change none.
func (r *Replica) OpenNow() []*record.Presence {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	all := make([]*record.Presence, 0, len(r.state.open))
	for _, ps := range r.state.open {
		for i := range ps {
			all = append(all, &ps[i])
		}
	}
	return all
}

// inOrder copies presences in order of visit id. What they point into is
// replaced, never changed.
func inOrder(all []*record.Presence) []record.Presence {
	slices.SortFunc(all, func(a, b *record.Presence) int { return bytes.Compare(a.Visit[:], b.Visit[:]) })
	out := make([]record.Presence, len(all))
	for i, p := range all {
		out[i] = *p
	}
	return out
}

// Presence is what is known of one visit, open or not. ErrUnknownVisit when
// nothing is.
func (r *Replica) Presence(id record.VisitID) (record.Presence, error) {
	ps, err := r.ByBadge(id.Badge())
	if err != nil {
		return record.Presence{}, err
	}
	for _, p := range ps {
		if p.Visit == id {
			return p, nil
		}
	}
	return record.Presence{}, ErrUnknownVisit
}

// ByBadge are the visits that carry a badge code; none is no error.
func (r *Replica) ByBadge(b record.BadgeCode) ([]record.Presence, error) {
	return r.foldBadge(b)
}

// Evidence is everything that was written about a badge's visits.
func (r *Replica) Evidence(b record.BadgeCode) ([]record.Stated, error) { return r.evidence(b) }

// Visits calls fn for every retained visit in order of visit id, open or not,
// and for badge codes that were marked and of which no visit is known, reading
// from disk.
func (r *Replica) Visits(fn func(record.Presence) error) error {
	var group []record.Stated
	var badge record.BadgeCode
	flush := func() error {
		for _, p := range record.FoldBadge(group) {
			if err := fn(p); err != nil {
				return err
			}
		}
		group = group[:0]
		return nil
	}
	lo, hi := store.Prefix([]byte{keyVisit})
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		if b := record.VisitID(k[1:17]).Badge(); b != badge {
			if err := flush(); err != nil {
				return err
			}
			badge = b
		}
		s, err := r.stated(k, v)
		group = append(group, s)
		return err
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("read visits: %w", err)
	}
	return nil
}

// Setting is the value of a setting that stands; false when there is none.
func (r *Replica) Setting(key string) (Setting, bool) {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	s, ok := r.state.settings[key]
	return s, ok
}

// Settings are all settings whose key begins with prefix, in order of key.
func (r *Replica) Settings(prefix string) []Setting {
	r.state.mu.RLock()
	var out []Setting
	for k, s := range r.state.settings {
		if len(k) >= len(prefix) && k[:len(prefix)] == prefix {
			out = append(out, s)
		}
	}
	r.state.mu.RUnlock()
	slices.SortFunc(out, func(a, b Setting) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return out
}

// SettingsVersion changes whenever a setting or a published key does, in this
// life.
func (r *Replica) SettingsVersion() uint64 {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.edited
}
