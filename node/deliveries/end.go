package deliveries

import (
	"context"
	"fmt"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// acts are what stands on record of an ending.
var acts = map[State]string{PickedUp: "delivery.pick_up", Returned: "delivery.return", Lost: "delivery.lose"}

// End says, durably, how a delivery ended. To is who took it, empty where it was
// whom it was for. What is sealed of it lives from then on for the days that are
// set. One that this node knows to have ended stays as it ended, unless it was
// lost. Errors: *Problem, the Barred one.
func (s *Service) End(ctx context.Context, by string, id record.VisitID, how State, to record.Private) error {
	if err := s.may(); err != nil {
		return err
	}
	kind, ok := kindOf[how]
	if !ok {
		return problem("deliveries.how", "how", "that is no way to end a delivery: write picked_up, returned or lost")
	}
	t, err := sheet.Line("to", to.Reveal(), maxName)
	if err != nil {
		return err
	}
	s.acting.Lock()
	defer s.acting.Unlock()
	d, err := s.Get(id)
	switch {
	case err != nil:
		return err
	case d.State == how:
		return nil
	case d.State != Waiting && d.State != Lost:
		return problem("deliveries.over", "", "this delivery has been picked up or returned already: if that is a mistake, put it back first")
	}
	slip, err := s.cfg.Draw()
	if err != nil {
		return fmt.Errorf("end a delivery: %w", err)
	}
	today, place := s.cfg.Today(), s.cfg.Place()
	until := today + s.cfg.Days()
	drafts := []crdt.Draft{{Event: &record.Event{Kind: kind, Visit: id, Other: slip, Place: place, How: "desk", By: by}}}
	var done []func()
	again, stored, err := s.anew(d.Delivery, until)
	switch {
	case err == nil:
		drafts, done = append(drafts, again...), append(done, stored)
	case s.cfg.Withheld() == nil && !s.cfg.Replica.Shredded(id):
		s.cfg.Logger.Warn("what is sealed of a delivery could not be sealed anew as it ended; it lives until the date it has", "err", err)
	}
	// Whom it was for cannot be read by a desk that has just started: who took it is
	// taken down all the same.
	if kind == record.PickedUp && t != "" && (d.Parcel == nil || folded(t) != folded(d.Parcel.For.Reveal())) {
		sealed, stored, err := s.seal(slip, 1, until, codec.EncodeSlip(record.Slip{To: record.Private(t)}))
		if err != nil {
			return err
		}
		drafts, done = append(drafts, crdt.Draft{Sealed: sealed, Fresh: true}), append(done, stored)
	}
	if err := s.cfg.Act(by, acts[how], []record.VisitID{id}); err != nil {
		return err
	}
	if _, err := s.cfg.Replica.Commit(ctx, drafts...); err != nil {
		return fmt.Errorf("end a delivery: %w", err)
	}
	for _, f := range done {
		f()
	}
	return nil
}

// PutBack says, durably, that all this node knows of how a delivery ended was a
// mistake: it waits again. What another desk says meanwhile stands. Errors:
// *Problem, the Barred one.
func (s *Service) PutBack(ctx context.Context, by string, id record.VisitID) error {
	if err := s.may(); err != nil {
		return err
	}
	s.acting.Lock()
	defer s.acting.Unlock()
	d, err := s.Get(id)
	if err != nil {
		return err
	}
	standing := d.Standing()
	if len(standing) == 0 {
		return nil
	}
	var drafts []crdt.Draft
	for _, e := range standing {
		drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: record.PutBack, Visit: id, Other: e.ID, Place: s.cfg.Place(), How: "desk", By: by}})
	}
	again, stored, err := s.anew(d.Delivery, s.cfg.Today()+Keep)
	if err != nil {
		stored = func() {} // erased, or not to be opened here now
	}
	if err := s.cfg.Act(by, "delivery.put_back", []record.VisitID{id}); err != nil {
		return err
	}
	if _, err := s.cfg.Replica.Commit(ctx, append(drafts, again...)...); err != nil {
		return fmt.Errorf("put a delivery back: %w", err)
	}
	stored()
	return nil
}

// anew is that a delivery came, as it would be written today, and what is sealed of
// it, sealed until a day. The drafts are to be committed together, and stored
// called when they are durable.
func (s *Service) anew(d record.Delivery, until record.Day) (drafts []crdt.Draft, stored func(), err error) {
	if err := s.cfg.Withheld(); err != nil {
		return nil, nil, err
	}
	p, part, err := s.open(d.ID)
	if err != nil {
		return nil, nil, err
	}
	sealed, stored, err := s.seal(d.ID, record.NextVersion(part.Version), until, codec.EncodeParcel(p))
	if err != nil {
		return nil, nil, err
	}
	event := record.Event{Kind: record.Delivered, Visit: d.ID, Place: d.Place, How: carried, By: d.By, Since: d.Begun}
	return []crdt.Draft{{Event: &event}, {Sealed: sealed}}, stored, nil
}
