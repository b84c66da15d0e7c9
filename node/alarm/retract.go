package alarm

import (
	"context"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// seen is what a device had before it when it made a mark that this node had
// no part in. Its own acts are told to the same node before what stands instead
// of them.
func (p person) seen(r MarkRequest) []record.EventID {
	over := slices.Clone(r.Over)
	for _, once := range r.OverActs {
		if m, ok := p.done(once); ok && !slices.Contains(over, m.ID) {
			over = append(over, m.ID)
		}
	}
	return over[:min(len(over), record.MaxOver)]
}

// Retract takes back one act of a device, whatever has been said since: of is
// the act's id, and once that of taking it back. The act must have been told to
// this node before; telling it again first costs nothing. The mark and its
// correction stay on record, and the correction holds for the copies of the mark
// at other nodes. Errors: *Problem, the Barred one.
func (s *Service) Retract(ctx context.Context, code record.Code, of, once record.OnceID) (Undone, error) {
	if err := s.cfg.Barred(); err != nil {
		return Undone{}, err
	}
	p, err := s.find(code)
	if err != nil {
		return Undone{}, err
	}
	out := Undone{Visit: p.visit, Badge: p.badge}
	already, err := s.undone(ctx, p, of, once)
	if err != nil {
		return Undone{}, err
	}
	if already {
		out.Already, out.Now = true, s.verdict(p).Mark
		return out, nil
	}
	m, ok := p.done(of)
	if !ok {
		return Undone{}, errNothing
	}
	id, err := s.correct(ctx, p, p.correcting(m.ID, once))
	if err != nil {
		return Undone{}, err
	}
	out.ID, out.Of, out.Mark = id, m.ID, m.Mark
	if p, err = s.find(code); err != nil {
		return Undone{}, err
	}
	out.Now = s.verdict(p).Mark
	return out, nil
}
