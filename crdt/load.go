package crdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// keyHorizon holds the first day that has not been dropped, keyFeedEnd the
// feed number of the newest entry when days were last dropped: numbers are
// not given out anew.
var (
	keyHorizon = []byte("mhorizon")
	keyFeedEnd = []byte("mfeed")
)

// load reads everything back: vectors, feed, quarantine, settings, and the
// presences of those who may be inside. Days are folded as they stream by;
// only open visits stay in memory.
func (r *Replica) load() error {
	var err error
	var where cell
	var what note
	var found bool
	if r.guard, where, what, found, err = openGuard(r.cfg.GuardFile); err != nil {
		return err
	}
	if found {
		if err := r.learn(where, what); err != nil {
			return err
		}
	}
	if err := r.loadQuarantine(); err != nil {
		return err
	}
	if b, err := r.store.Get(keyHorizon); err == nil && len(b) == 4 {
		r.state.horizon = record.Day(int32(binary.BigEndian.Uint32(b)))
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := r.loadAhead(); err != nil {
		return err
	}
	if err := r.loadHeads(); err != nil {
		return err
	}
	if err := r.loadFeedEnd(); err != nil {
		return err
	}
	if err := errors.Join(r.rebuildSets(), r.moveFed(), r.indexEvacuations(), r.loadActs()); err != nil {
		return err
	}
	if err := r.reloadCampus(); err != nil {
		return err
	}
	r.loadSettings()
	return r.foldAll()
}

func (r *Replica) loadHeads() error {
	lo, hi := store.Prefix([]byte{keyHead})
	return r.store.Scan(lo, hi, func(k, v []byte) error {
		id, ok := parseEntry(append(slices.Clone(k[1:]), make([]byte, 8)...))
		if !ok || len(v) != 40 {
			return fmt.Errorf("head of %d bytes: %w", len(v), codec.ErrFormat)
		}
		at := slot{id.Doc, id.Actor}
		seq := binary.BigEndian.Uint64(v)
		r.setHead(at, seq)
		r.chains[at] = [32]byte(v[8:])
		r.state.held(at, seq)
		return nil
	})
}

func (r *Replica) loadFeedEnd() error {
	lo, hi := store.Prefix([]byte{keyFeed})
	err := r.store.ScanBack(lo, hi, func(k, _ []byte) error {
		r.feedEnd = binary.BigEndian.Uint64(k[1:])
		return store.ErrStop
	})
	if err != nil {
		return err
	}
	if b, err := r.store.Get(keyFeedEnd); err == nil && len(b) == 8 {
		r.feedEnd = max(r.feedEnd, binary.BigEndian.Uint64(b))
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r.state.feed = r.feedEnd
	return nil
}

func (r *Replica) loadSettings() {
	r.state.edits = r.campus.edits.clone()
	r.state.settings = r.judgedSettings()
}

// foldAll folds every retained visit, badge by badge as they lie in the
// index, and resumes the clock behind this node's own last event.
func (r *Replica) foldAll() error {
	r.state.folding.Lock()
	defer r.state.folding.Unlock()
	if err := errors.Join(r.foldEvacuations(), r.foldFeeds()); err != nil {
		return err
	}
	return r.foldVisits()
}

// foldVisits is foldAll but for evacuations and feeds. Callers hold folding.
func (r *Replica) foldVisits() error {
	fresh := &state{
		open: map[record.BadgeCode][]record.Presence{}, left: map[record.BadgeCode][]record.Presence{}, joined: map[record.VisitID][]record.BadgeCode{},
		invited: apart{}, delivered: apart{},
	}
	fresh.leftFrom = r.wantLeft()
	var group []record.Stated
	var badge record.BadgeCode
	flush := func() {
		if len(group) > 0 {
			fresh.fold(badge, record.FoldBadge(group))
		}
		group = group[:0]
	}
	lo, hi := store.Prefix([]byte{keyVisit})
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		b := record.VisitID(k[1:17]).Badge()
		if b != badge {
			flush()
			badge = b
		}
		s, err := r.stated(k, v)
		if err != nil {
			return err
		}
		if s.ID.Actor.Node() == r.cfg.Node {
			r.clock.Resume(s.Event.At)
		}
		if s.Event.Apart() {
			fresh.setApart(s)
			return nil
		}
		group = append(group, s)
		return nil
	})
	if err != nil {
		return fmt.Errorf("fold visits: %w", err)
	}
	flush()
	if err := r.foldEarly(fresh); err != nil {
		return err
	}
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.open, r.state.left, r.state.joined, r.state.leftFrom = fresh.open, fresh.left, fresh.joined, fresh.leftFrom
	r.state.invited, r.state.delivered = fresh.invited, fresh.delivered
	return nil
}

// Rejudge judges all anew after the standing of a writer has changed: it folds all
// visits and settings, and carries out the shreds and sealings that were passed over
// and count now. Those wait where the disk is too full, and are tried again.
func (r *Replica) Rejudge() error {
	if err := r.refoldAll(); err != nil {
		return err
	}
	err := r.carryOutPassed()
	if errors.Is(err, store.ErrFull) {
		r.shreds.signal()
		return nil
	}
	return err
}

// refoldAll is foldAll and the settings, for readers.
func (r *Replica) refoldAll() error {
	if err := r.foldAll(); err != nil {
		return err
	}
	r.state.folding.Lock()
	defer r.state.folding.Unlock()
	settings := r.judgedSettings()
	r.state.mu.Lock()
	r.state.settings = settings
	r.state.mu.Unlock()
	r.state.tell()
	return nil
}

// stated reads one entry of the visit index.
func (r *Replica) stated(k, v []byte) (record.Stated, error) {
	return r.statedAt(k[17:], v)
}

// foldBadge folds what the index holds of one badge.
func (r *Replica) foldBadge(b record.BadgeCode) ([]record.Presence, error) {
	group, err := r.evidence(b)
	if err != nil {
		return nil, err
	}
	return record.FoldBadge(r.withEarly(b, group)), nil
}

func (r *Replica) evidence(b record.BadgeCode) ([]record.Stated, error) {
	first, last := b.Bounds()
	lo := append([]byte{keyVisit}, first[:]...)
	_, hi := store.Prefix(append([]byte{keyVisit}, last[:]...))
	var group []record.Stated
	err := r.store.Scan(lo, hi, func(k, v []byte) error {
		s, err := r.stated(k, v)
		group = append(group, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fold visit: %w", err)
	}
	return group, nil
}

// entry is one stored entry of the log.
type entry struct {
	feed uint64
	env  *envelope.Envelope
	raw  []byte
}

// entries calls fn for a document's entries (of one actor, or of all, in order
// of actor and sequence). What fn gets is valid during the call only.
func (r *Replica) entries(doc record.DocID, actor *record.ActorID, fn func(entry) error) error {
	prefix := docPrefix(keyEntry, doc)
	if actor != nil {
		prefix = append(prefix, actor[:]...)
	}
	lo, hi := store.Prefix(prefix)
	return r.store.Scan(lo, hi, func(_, v []byte) error {
		e, err := parseStored(v)
		if err != nil {
			return err
		}
		return fn(e)
	})
}

func parseStored(v []byte) (entry, error) {
	if len(v) < 8 {
		return entry{}, fmt.Errorf("stored entry: %w", codec.ErrFormat)
	}
	env, err := envelope.Decode(v[8:])
	if err != nil {
		return entry{}, fmt.Errorf("stored entry: %w", err)
	}
	return entry{feed: binary.BigEndian.Uint64(v), env: env, raw: v[8:]}, nil
}

// changes are the Automerge changes of a day document, one after another.
func (r *Replica) changes(doc record.DocID, actor *record.ActorID) ([]byte, error) {
	var all []byte
	err := r.entries(doc, actor, func(e entry) error {
		if change, err := shape.DecodeDay(e.env.Payload); err == nil {
			if _, err := r.store.Get(quarantineKey(change.Hash)); err == nil {
				return nil
			}
		}
		all = append(all, e.env.Payload...)
		return nil
	})
	return all, err
}
