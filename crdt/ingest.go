package crdt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// Gap says that entries of an actor after Have are missing here.
type Gap struct {
	Doc   record.DocID
	Actor record.ActorID
	Have  uint64
}

// errGap: something before this entry is missing.
var errGap = errors.New("an entry before this one is missing")

// Put takes encoded envelopes and runs of them from another node, judges each, and returns
// when those that are accepted are durable and folded. Held ones are passed
// over. A refused one is counted against its author and holds back only what
// the same author wrote after it in the same document. Safe for concurrent
// use; raws are not kept.
func (r *Replica) Put(ctx context.Context, raws [][]byte) ([]Gap, error) {
	var envs []candidate
	for _, raw := range raws {
		proved, reason := r.prove(raw)
		if reason != "" {
			_ = r.refuse(record.NodeID{}, reason)
		}
		envs = append(envs, proved...)
	}
	if len(envs) == 0 {
		return nil, ctx.Err()
	}
	select {
	case <-r.stop:
		return nil, ErrClosed
	default:
	}
	f, gaps, err := r.enqueueForeign(envs)
	if err != nil {
		return nil, fmt.Errorf("put: %w", err)
	}
	if err := <-f.reply[0]; err != nil {
		return nil, fmt.Errorf("put: %w", err)
	}
	return gaps, nil
}

func (r *Replica) enqueueForeign(envs []candidate) (*flight, []Gap, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.closed() {
		return nil, nil, ErrClosed
	}
	if err := r.Failure(); err != nil {
		return nil, nil, err
	}
	f := newFlight()
	var b store.Batch
	gaps := map[slot]uint64{}
	var gapOrder []slot
	before := r.feedEnd
	type was struct {
		at   slot
		seq  uint64
		hash [32]byte
	}
	var undo []was
	var broken error
	take := func(e candidate) error {
		at := slot{e.ID.Doc, e.ID.Actor}
		s, err := r.admit(e, f)
		if errors.Is(err, errHeld) && len(e.Aside) > 0 {
			broken = errors.Join(broken, r.heal(&b, f, e))
		}
		if err != nil {
			return err
		}
		undo = append(undo, was{at, r.heads.get(at), r.chains[at]})
		r.feedEnd++
		s.feed, s.raw = r.feedEnd, e.Encode()
		broken = errors.Join(broken, r.stage(&b, f.ranks, &s))
		r.advance(s)
		f.add(s)
		return nil
	}
	takeAll := func(envs []candidate) (left []candidate) {
		for _, e := range envs {
			err := take(e)
			if errors.Is(err, errGap) {
				at := slot{e.ID.Doc, e.ID.Actor}
				if _, seen := gaps[at]; !seen {
					gapOrder = append(gapOrder, at)
				}
				gaps[at] = r.heads.get(at)
				left = append(left, e)
				continue
			}
			if err == nil && r.campus.id == e.ID.Doc {
				r.retrySettings(take)
			}
		}
		return left
	}
	for left := takeAll(envs); r.witness(left); {
		left = takeAll(left)
	}
	f.stageHeads(&b)
	f.acts.stage(&b)
	err := broken
	if err == nil {
		f.wait, err = r.store.Write(&b)
	}
	r.docs.settle(err == nil)
	if err != nil {
		r.feedEnd = before
		for _, u := range slices.Backward(undo) {
			r.setHead(u.at, u.seq)
			r.chains[u.at] = u.hash
		}
		return nil, nil, errors.Join(err, r.reloadCampus())
	}
	f.acts.advance(&r.acts)
	// Also when nothing was new: what another call has under way is to be
	// durable when this one returns.
	f.feed = r.feedEnd
	f.reply = []chan error{make(chan error, 1)}
	r.finish <- f
	var out []Gap
	for _, at := range gapOrder {
		if have := r.heads.get(at); have == gaps[at] {
			out = append(out, Gap{at.doc, at.actor, have})
		}
	}
	return f, out, nil
}

// retrySettings takes the settings that waited for what came just now.
func (r *Replica) retrySettings(take func(candidate) error) {
	for again := true; again; {
		again = false
		for id, raw := range r.campus.pending {
			e, err := envelope.Decode(raw)
			if err == nil {
				err = take(candidate{Envelope: e})
			}
			if !errors.Is(err, errGap) {
				delete(r.campus.pending, id)
				again = again || err == nil
			}
		}
	}
}

var (
	errHeld    = errors.New("entry is held already, or its day is over")
	errRefused = errors.New("entry is refused")
)

// admit judges one verified envelope by its place and payload and applies it
// to its document. errGap: not yet. Other errors: never.
func (r *Replica) admit(e candidate, f *flight) (staged, error) {
	s := staged{id: e.ID, payload: e.Payload}
	at := slot{e.ID.Doc, e.ID.Actor}
	have := r.heads.get(at)
	if e.ID.Seq <= have {
		return s, errHeld
	}
	if _, blocked := r.blocked[at]; blocked {
		return s, errHeld
	}
	doc, err := record.ParseDocID(string(e.ID.Doc))
	if err != nil {
		return s, r.refuse(e.ID.Actor.Node(), "document")
	}
	if r.ended(e.ID.Doc, doc) {
		return s, errHeld // that day has been dropped: nothing brings it back
	}
	if r.crowded(at, doc) {
		// Not blocked: there is room again when days have been dropped.
		return s, r.refuse(e.ID.Actor.Node(), "more documents than a node writes")
	}
	if doc.Kind == record.DocCampus {
		return s, r.admitSetting(e.Envelope, &s)
	}
	if e.ID.Seq > have+1 {
		return s, errGap
	}
	switch doc.Kind {
	case record.DocSealed:
		return s, r.admitSealed(e, doc.Day, f.ranks, &s)
	case record.DocActs:
		return s, r.admitActs(e, f, &s)
	}
	day, err := e.shape()
	if err == nil && (string(day.Actor) != string(e.ID.Actor[:]) || day.Seq != e.ID.Seq) {
		err = shape.ReasonActor
	}
	if err == nil {
		err = day.Follows(have, r.chains[at])
	}
	if err != nil {
		return s, r.block(at, "change: "+err.Error())
	}
	event, err := codec.DecodeEvent(day.Event)
	if err != nil {
		return s, r.block(at, "event")
	}
	if err := r.applyGuarded(day.Hash, at, func() error { return r.docs.apply(e.ID.Doc, e.Payload) }); err != nil {
		return s, err
	}
	s.event, s.value, s.hash = &event, day.Event, day.Hash
	r.clock.Observe(event.At)
	return s, nil
}

func (r *Replica) admitSetting(e *envelope.Envelope, s *staged) error {
	at := slot{e.ID.Doc, e.ID.Actor}
	if r.cfg.MayEdit != nil && !r.cfg.MayEdit(e.ID.Actor.Node()) {
		// Not blocked: its appointment may be on its way.
		return r.refuse(e.ID.Actor.Node(), "settings from a node that may not edit them")
	}
	if r.campus.id == "" {
		r.campus.id = e.ID.Doc
	}
	change, err := shape.DecodeCampus(e.Payload)
	if err == nil && (string(change.Actor) != string(e.ID.Actor[:]) || change.Seq != e.ID.Seq) {
		err = shape.ReasonActor
	}
	if err == nil {
		err = r.campus.past.Check(change)
	}
	switch {
	case errors.Is(err, shape.ReasonGap):
		if len(r.campus.pending) < maxPendingSettings {
			r.campus.pending[e.ID] = e.Encode()
		}
		return errGap
	case err != nil:
		return r.block(at, "setting: "+err.Error())
	}
	if err := r.applyGuarded(change.Hash, at, func() error { return r.campus.merge(e.Payload, change) }); err != nil {
		return err
	}
	s.setting, s.hash = r.campus.current(change.Key), change.Hash
	return nil
}

// applyGuarded lets a change into the core, with its hash noted meanwhile.
func (r *Replica) applyGuarded(hash [32]byte, at slot, apply func() error) error {
	if slices.ContainsFunc(r.state.quarantined, func(q Quarantined) bool { return q.Hash == hash }) {
		return r.block(at, "quarantined change")
	}
	r.guard.enter(applying, note{hash, at})
	err := apply()
	r.guard.leave(applying)
	if err != nil {
		return r.block(at, "change that the core refuses")
	}
	return nil
}

func quarantineKey(hash [32]byte) []byte { return append([]byte{keyQuarantine}, hash[:]...) }

// maxBlocked is how many slots are known as blocked, some 10 MB.
const maxBlocked = 64 << 10

// block stops taking what this actor writes in this document. Of more than
// maxBlocked that is not remembered: what comes again is judged again, and what
// follows it is a gap.
func (r *Replica) block(at slot, reason string) error {
	if len(r.blocked) < maxBlocked {
		r.blocked[at] = reason
	}
	return r.refuse(at.actor.Node(), reason)
}
