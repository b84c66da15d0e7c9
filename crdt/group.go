package crdt

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// writeGroup builds, signs and enqueues one group. A request that cannot be
// built is answered here and costs the others nothing: as nothing of it was
// signed, its sequence and feed numbers go to who comes next. Any other error
// is that of the whole group: all are answered with it, nothing is kept, and
// the node goes on as a new actor, so that no sequence number that may have
// been seen is used twice. Who is not answered here is with the flight.
func (r *Replica) writeGroup(group []*request) (f *flight, err error) {
	before := r.feedEnd
	var built []*request
	defer func() {
		if err == nil {
			return
		}
		r.feedEnd = before
		if campusErr := r.reloadCampus(); campusErr != nil {
			err = errors.Join(err, campusErr)
		}
		if actorErr := r.newActor(); actorErr != nil {
			err = errors.Join(err, actorErr)
		}
		for _, q := range built {
			q.reply <- err
		}
	}()
	if err := r.Failure(); err != nil {
		built = group
		return nil, err
	}
	f = newFlight()
	var all []*envelope.Envelope
	now := r.cfg.Now()
	for i, q := range group {
		es, err := r.buildRequest(q, now, f)
		if err == nil {
			all, built = append(all, es...), append(built, q)
			f.reply = append(f.reply, q.reply)
			continue
		}
		if backErr := r.takeBack(f, len(all)); backErr != nil {
			built = append(built, group[i:]...)
			return nil, errors.Join(err, backErr)
		}
		q.reply <- err
	}
	if len(all) == 0 {
		f.wait = func() error { return nil }
		return f, nil
	}
	if err := envelope.Sign(all, r.cfg.Sign); err != nil {
		return nil, err
	}
	var b store.Batch
	for i, e := range all {
		f.entries[i].raw = e.Encode()
		if err := r.stage(&b, f.ranks, &f.entries[i]); err != nil {
			return nil, err
		}
	}
	f.stageHeads(&b)
	f.acts.stage(&b)
	if f.wait, err = r.store.Write(&b); err != nil {
		return nil, err
	}
	for _, s := range f.entries {
		r.advance(s)
	}
	f.acts.advance(&r.acts)
	f.feed = r.feedEnd
	return f, nil
}

// buildRequest adds all drafts of a request to the flight. On error some may
// have been added: see takeBack.
func (r *Replica) buildRequest(q *request, now time.Time, f *flight) (all []*envelope.Envelope, err error) {
	for _, d := range q.drafts {
		e, err := r.build(d, now, f)
		if errors.Is(err, errUnchanged) {
			q.ids = append(q.ids, record.EventID{})
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		q.ids = append(q.ids, e.ID)
	}
	return all, nil
}

// takeBack undoes what was built beyond the first entries of a flight, none of
// which has been signed: numbers, chains and settings are as if it had never
// been tried.
func (r *Replica) takeBack(f *flight, keep int) error {
	anew := r.campus.spoilt
	for _, s := range f.entries[keep:] {
		f.count[s.id.Doc]--
		delete(f.chains, slot{s.id.Doc, s.id.Actor})
		anew = anew || s.setting != nil
	}
	r.feedEnd -= uint64(len(f.entries) - keep)
	clear(f.entries[keep:])
	f.entries = f.entries[:keep]
	f.acts = actsChain{}
	for _, s := range f.entries {
		switch {
		case s.event != nil:
			f.chains[slot{s.id.Doc, s.id.Actor}] = s.hash
		case s.acts != nil:
			f.acts = actsChain{s.acts.N, sha256.Sum256(s.payload)}
		}
	}
	if !anew {
		return nil
	}
	pending := r.campus.pending
	if err := r.reloadCampus(); err != nil {
		return fmt.Errorf("take back a setting: %w", err)
	}
	r.campus.pending = pending
	for _, s := range f.entries {
		if s.setting == nil {
			continue
		}
		change, err := shape.DecodeCampus(s.payload)
		if err == nil {
			r.campus.id = s.id.Doc
			err = r.campus.merge(s.payload, change)
		}
		if err != nil {
			return fmt.Errorf("take back a setting: %w", err)
		}
	}
	return nil
}
