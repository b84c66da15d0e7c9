package kept

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/terms"
)

// maxEvents bounds the events of a held visit; the latest are kept.
const maxEvents = 150

// keepHold makes the record of a hold, or brings it up to what is known of the
// visit while that is in the register. Callers hold keeping.
func (s *Service) keepHold(ctx context.Context, h Hold, today record.Day) error {
	id := h.Key()
	was, err := s.open(id)
	switch {
	case errors.Is(err, crdt.ErrErased):
		return nil
	case err != nil && !errors.Is(err, crdt.ErrUnknownVisit) && !errors.Is(err, crdt.ErrExpired):
		return nil //nolint:nilerr // it cannot be opened here now
	}
	k := was.Kept
	k.Visit, k.Hold, k.Until = h.Visit, h.Name(), h.Until
	if err := s.snapshot(&k); err != nil {
		return err
	}
	if k.Card == nil && k.Dossier == nil {
		return nil // nothing of it is left, and the doctor says so
	}
	if was.version > 0 && err == nil && bytes.Equal(codec.EncodeKept(was.Kept), fitting(k)) {
		return nil
	}
	if err := s.seal(ctx, id, k, was.version, min(h.Until, today+terms.Most)); err != nil {
		return err
	}
	return s.cfg.Index.Put(map[record.VisitID]record.Day{id: h.Until})
}

// snapshot adds to a record what is known of its visit now: of card and dossier
// the later sealing stands, events are put together.
func (s *Service) snapshot(k *record.Kept) error {
	if c, part, err := s.card(k.Visit); err == nil && (k.Card == nil || part.Version > k.Versions[0]) {
		c.Assist, c.Rest = "", "" // it was told for an evacuation alone
		k.Card, k.Name, k.Versions[0] = &c, c.Name, part.Version
	}
	if d, part, err := s.dossier(k.Visit); err == nil && (k.Dossier == nil || part.Version > k.Versions[1]) {
		d.Consents = slices.DeleteFunc(d.Consents, func(c record.Consent) bool { return c.Purpose == string(consent.Assist) })
		d.Rest = ""
		k.Dossier, k.Versions[1] = &d, part.Version
	}
	p, err := s.cfg.Replica.Presence(k.Visit)
	if errors.Is(err, crdt.ErrUnknownVisit) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at a held visit: %w", err)
	}
	k.Type = cmp.Or(p.Type, k.Type)
	if !p.Arrived.IsZero() {
		k.Place = p.Arrived.Place
	}
	evidence, err := s.cfg.Replica.Evidence(k.Visit.Badge())
	if err != nil {
		return fmt.Errorf("look at a held visit: %w", err)
	}
	k.Events = together(k.Events, k.Visit, evidence)
	return nil
}

// together are events with those that evidence tells of a visit, in order of time;
// what was written again to outlive its day is told once.
func together(all []record.KeptEvent, v record.VisitID, evidence []record.Stated) []record.KeptEvent {
	out := slices.Clone(all)
	for _, x := range evidence {
		e := x.Event
		if !e.Visit.IsZero() && e.Visit != v || e.Kind == record.Carried || e.How == "carried" {
			continue
		}
		one := record.KeptEvent{At: e.At.Time().UTC(), What: string(e.Kind), Node: x.ID.Actor.Node(), Place: e.Place, How: e.How}
		if !slices.ContainsFunc(out, func(o record.KeptEvent) bool {
			return o.At.Equal(one.At) && o.What == one.What && o.Node == one.Node && o.Place == one.Place
		}) {
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b record.KeptEvent) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What), slices.Compare(a.Node[:], b.Node[:]))
	})
	return out[max(0, len(out)-maxEvents):]
}

// fitting is the clear form of a record, in as much as can be sealed: without what
// was drawn, and then without its dossier's documents, where it would be too long.
func fitting(k record.Kept) []byte {
	b := codec.EncodeKept(k)
	for _, less := range []func(*record.Signature){
		func(x *record.Signature) { x.Drawing = "" },
		func(x *record.Signature) { x.Name, x.Rest = "", "" },
	} {
		if len(b) <= codec.MaxPart {
			return b
		}
		k.Signed = eased(k.Signed, less)
		if k.Dossier != nil {
			d := *k.Dossier
			d.Signed = eased(d.Signed, less)
			k.Dossier = &d
		}
		b = codec.EncodeKept(k)
	}
	return b
}

func eased(all []record.Signature, less func(*record.Signature)) []record.Signature {
	out := slices.Clone(all)
	for i := range out {
		less(&out[i])
	}
	return out
}
