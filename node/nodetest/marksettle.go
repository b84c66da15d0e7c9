package nodetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// verdict is where a running house has somebody, in the evacuation that
// concerns them there.
func verdict(h *House, v *visit) (out record.Verdict, e record.Evacuation, on bool) {
	p, err := h.Node().Replica().Presence(v.id)
	if err != nil {
		return out, e, false
	}
	if e, on = h.Node().Replica().Evacuations().Running(p.Seen.Place.Site); on {
		out = p.Verdict(e)
	}
	return out, e, on
}

// sameVerdicts: two houses run the same evacuation and have everybody in the
// same state.
func (c *Campus) sameVerdicts(a, b *House) error {
	x, _ := a.Node().Replica().Evacuations().Running("")
	y, _ := b.Node().Replica().Evacuations().Running("")
	if !slices.Equal(x.IDs(), y.IDs()) || x.Drill != y.Drill {
		return violated("same events, same list", "%s and %s run different evacuations", a.Name, b.Name)
	}
	for _, v := range slices.Concat(c.truth.visits, c.truth.added) {
		p, _, _ := verdict(a, v)
		q, _, _ := verdict(b, v)
		if fmt.Sprint(p) != fmt.Sprint(q) {
			return violated("same events, same list", "v%d is %q at %s and %q at %s", v.n, p.Mark, a.Name, q.Mark, b.Name)
		}
	}
	return nil
}

// marksStand: no acknowledged mark is lost, and one that nobody who knew of it
// spoke against has not been taken away by what others said meanwhile.
func (c *Campus) marksStand(h *House) error {
	for _, s := range c.truth.starts {
		if !s.shaky && !s.lost && time.Since(s.at) < kept && !knows(h, nil, s) {
			return violated("nothing acknowledged is lost", "the alarm that sounded at %s is not known to %s", s.by.Name, h.Name)
		}
	}
	for _, v := range slices.Concat(c.truth.visits, c.truth.added) {
		is, e, on := verdict(h, v)
		for _, f := range v.said {
			if f.shaky || f.lost || f.by.revoked || time.Since(f.at) > kept || f.kind == undone && v.over(f) {
				continue
			}
			if !holds(h, v, f.said) {
				return violated("nothing acknowledged is lost", "%s lacks the %s of v%d, acknowledged at %s", h.Name, f.kind, v.n, f.by.Name)
			}
			if f.kind == marked && !folded(h, v, f.said) {
				return violated("nothing acknowledged is lost", "%s has the mark of v%d that %s acknowledged, and does not count it", h.Name, v.n, f.by.Name)
			}
			if f.kind == undone && is.By.ID == f.said.of && is.Mark != "" {
				return violated("an undo holds", "the mark on v%d that was taken back at %s stands at %s", v.n, f.by.Name, h.Name)
			}
			if f.kind == marked && on && !f.said.over && counts(f.said, e) && !stands(f.said.mark, is) {
				return violated("a mark never un-marks by merge", "v%d was marked %s at %s, nobody who knew of it said otherwise, and at %s it is %q (left: %v)", v.n, f.said.mark, f.by.Name, h.Name, is.Mark, is.Left)
			}
		}
	}
	return nil
}

// folded reports whether a mark is among those of its badge, or was taken back.
// Where the arrival was lost with an old copy, one by code stands alone.
func folded(h *House, v *visit, f said) bool {
	all, err := h.Node().Replica().ByBadge(v.id.Badge())
	if err == nil && slices.ContainsFunc(all, func(p record.Presence) bool {
		return slices.ContainsFunc(p.Marks, func(m record.MarkFact) bool { return f.is(m.ID, m.At) })
	}) {
		return true
	}
	stated, err := h.Node().Replica().Evidence(v.id.Badge())
	if err != nil {
		return false
	}
	names := map[record.EventID]bool{f.id: true} // one more where it was written anew
	for _, s := range stated {
		if f.is(s.ID, s.Event.At) {
			names[s.ID] = true
		}
	}
	return slices.ContainsFunc(stated, func(s record.Stated) bool {
		return s.Event.Kind == record.Corrected && s.Event.Of != nil && names[*s.Event.Of]
	})
}

// counts reports whether a mark is of an evacuation.
func counts(s said, e record.Evacuation) bool {
	return slices.ContainsFunc(e.Starts, func(x record.Start) bool { return x.Drill == e.Drill && slices.Contains(s.starts, x.ID) })
}

// stands reports whether a verdict does justice to a mark that nobody who knew
// of it spoke against: it may be outdone by what is more dangerous, and by
// evidence of leaving where it does not say that somebody saw the person inside.
func stands(m record.Mark, v record.Verdict) bool {
	switch m {
	case record.Refuge:
		return v.Mark == record.Refuge
	case record.Inside:
		return v.Mark == record.Inside || v.Mark == record.Refuge
	case record.Safe:
		return v.Left || v.Mark != "" && v.Mark != record.Missing
	}
	return v.Left || v.Mark != ""
}
