package node

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
)

var (
	prefixKept  = []byte("n/kept/")
	keyKeptLost = []byte("n/kept-lost")
)

// keptIndex remembers until when what is kept must be kept: ids and dates.
type keptIndex struct {
	store.Store
	mu  sync.Mutex
	all map[record.VisitID]record.Day
}

func openKeptIndex(s store.Store) (*keptIndex, error) {
	k := &keptIndex{Store: s, all: map[record.VisitID]record.Day{}}
	lo, hi := store.Prefix(prefixKept)
	err := s.Scan(lo, hi, func(key, v []byte) error {
		if id := key[len(prefixKept):]; len(id) == len(record.VisitID{}) && len(v) == 4 {
			k.all[record.VisitID(id)] = record.Day(int32(binary.BigEndian.Uint32(v)))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is kept: %w", err)
	}
	return k, nil
}

// Until implements kept.Index, as do the others.
func (k *keptIndex) Until(id record.VisitID) (record.Day, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	d, ok := k.all[id]
	return d, ok
}

func (k *keptIndex) All() (map[record.VisitID]record.Day, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make(map[record.VisitID]record.Day, len(k.all))
	for id, d := range k.all {
		out[id] = d
	}
	return out, nil
}

func (k *keptIndex) Put(ends map[record.VisitID]record.Day) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var b store.Batch
	for id, d := range ends {
		if was, ok := k.all[id]; !ok || was != d {
			b.Set(under(prefixKept, id[:]), binary.BigEndian.AppendUint32(nil, uint32(int32(d))))
		}
	}
	if b.Len() == 0 {
		return nil
	}
	if err := k.Apply(&b); err != nil {
		return fmt.Errorf("remember what is kept: %w", err)
	}
	for id, d := range ends {
		k.all[id] = d
	}
	return nil
}

// Delete hides the store's own: what is kept goes by id.
func (k *keptIndex) Delete(ids ...record.VisitID) error {
	if len(ids) == 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var b store.Batch
	for _, id := range ids {
		b.Delete(under(prefixKept, id[:]))
	}
	if err := k.Apply(&b); err != nil {
		return fmt.Errorf("forget what is kept no longer: %w", err)
	}
	for _, id := range ids {
		delete(k.all, id)
	}
	return nil
}

func (k *keptIndex) Lost() (l kept.Lost, err error) {
	v, err := k.Get(keyKeptLost)
	if errors.Is(err, store.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("read what was lost: %w", err)
	}
	if json.Unmarshal(v, &l) != nil {
		return kept.Lost{}, nil // as if nothing had been
	}
	return l, nil
}

func (k *keptIndex) PutLost(l kept.Lost) error {
	v, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("remember what was lost: %w", err)
	}
	return put(k.Store, keyKeptLost, v)
}

// Kept keeps what must outlive the day of its visit.
func (n *Node) Kept() *kept.Service { return n.kept }

func (n *Node) openKept() error {
	index, err := openKeptIndex(n.store)
	if err != nil {
		return err
	}
	n.kept = kept.New(kept.Config{
		Replica: n.replica, Vault: n.vault, Index: index, Today: n.expiry.SureToday, Terms: n.termsNow, Rank: n.rank, Settled: n.allCovered,
		Desk:     func() bool { return n.Self().Role == identity.RoleDesk && n.Barred() == nil },
		Withheld: n.withheld,
		Documents: func() (ids []string) {
			for _, d := range n.documents.List() {
				ids = append(ids, d.ID)
			}
			return ids
		},
		Erase: func(ctx context.Context, ids ...record.VisitID) error {
			for part := range slices.Chunk(ids, privacy.MaxVisits) {
				if _, err := n.privacy.Erase(ctx, part...); err != nil {
					return err
				}
			}
			return nil
		},
		Self: record.NodeID(n.key.ID()), Reason: func(v record.VisitID, reason string) error { return n.rights.Judge(v, reason) },
		NameOf: n.nameOf, By: privacy.Operator, Now: n.cfg.Now, Logger: n.log,
	})
	return nil
}

// nameOf is what a node is called.
func (n *Node) nameOf(id record.NodeID) string {
	if m, ok := n.roster.Member(identity.NodeID(id)); ok {
		return m.Name
	}
	return id.String()[:6]
}

// pastDay is what is kept of a visit past its day, or, of the zero visit, of all.
func (n *Node) pastDay(ctx context.Context, v record.VisitID) (out []rights.PastDay, err error) {
	var all []kept.Record
	if v.IsZero() {
		all, err = n.kept.All()
	} else if err = n.kept.Keep(ctx, v); err == nil {
		all, err = n.kept.Of(v)
	}
	for _, r := range all {
		one := rights.PastDay{ID: r.ID, Kept: r.Kept, End: r.End}
		if id, err := record.ParseCaseID(r.Hold); err == nil {
			if h, err := n.kept.Hold(id); err == nil {
				one.Reason, one.Since = h.Made.Reason, h.Made.At
			}
		}
		out = append(out, one)
	}
	return out, err
}

// held says why a visit may not be erased now, and until when; false where it may.
func (n *Node) held() func(record.VisitID) (rights.Holding, bool) {
	held := n.kept.Held()
	return func(v record.VisitID) (rights.Holding, bool) {
		h, ok := held(v)
		return rights.Holding{Until: h.Until, Reason: h.Made.Reason}, ok
	}
}
