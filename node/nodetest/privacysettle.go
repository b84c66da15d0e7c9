package nodetest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// surelyErased reports whether an acknowledged erasure must be known to all.
func (v *visit) surelyErased() bool {
	return slices.ContainsFunc(v.orders, func(f *fact) bool { return !f.shaky })
}

// maybeErased reports whether it may have been erased.
func (v *visit) maybeErased() bool { return v.ordered || len(v.orders) > 0 }

// called are the names that a visit may be called by in the end: those of the
// highest version that must be known. Where two corrected it at once, either.
func (v *visit) called() []string {
	if v.tangled {
		return v.names
	}
	out, top := v.names[:1], uint32(1)
	for _, f := range v.fixed {
		if !f.shaky {
			top = max(top, f.version)
		}
	}
	if top > 1 {
		out = nil
	}
	for _, f := range v.fixed {
		if f.version >= top {
			out = append(slices.Clone(out), f.name)
		}
	}
	return out
}

// agreeOnSecrets is nil when names, keys and erasures are as they must be in
// the end.
func (c *Campus) agreeOnSecrets(all []*House) error {
	for _, h := range all {
		for _, check := range []func(*House) error{c.nothingPends, c.auditHolds, c.namesOpen, c.papersOpen} {
			if err := check(h); err != nil {
				return err
			}
		}
	}
	if err := c.keysAhead(all); err != nil {
		return err
	}
	if err := c.diedEverywhere(all); err != nil {
		return err
	}
	for _, v := range c.truth.visits {
		if err := c.endsWell(v, all); err != nil {
			return err
		}
	}
	return nil
}

// nothingPends: nothing that was to be destroyed is left.
func (c *Campus) nothingPends(h *House) error {
	if days := h.Node().Replica().ShredPending(); len(days) > 0 {
		return violated("erased means gone", "%s has still to destroy keys of %s", h.Name, days[0])
	}
	keys, err := h.stolen()
	if err != nil {
		return violated("keys can be read back", "%s: %v", h.Name, err)
	}
	if days := keys.unfinished; len(days) > 0 {
		return violated("erased means gone", "the file of keys of %s keeps a key of %s that was replaced", h.Name, days[0])
	}
	if len(keys.asides) > 0 {
		return violated("erased means gone", "%s keeps %s, which was replaced", h.Name, keys.asides[0])
	}
	return nil
}

// auditHolds: what was done is on record as it was done.
func (c *Campus) auditHolds(h *House) error {
	report, err := h.Node().VerifyAudit()
	if err != nil {
		return violated("the audit holds", "%s: %v", h.Name, err)
	}
	for _, f := range report.Faults {
		if !isTrue(f, c.byID(f.Node)) {
			return violated("the audit holds", "at %s: %s at %d: %s", h.Name, f.Kind, f.N, f.What)
		}
	}
	return nil
}

// isTrue reports whether what the audit finds of a node is as things are. Of a
// revoked one a part may have been heard, and nobody asks it for what stands
// between; one that was put back wrote some entries anew, or lost them. Nothing
// makes it true that an entry was altered.
func isTrue(f audit.Fault, by *House) bool {
	switch {
	case by == nil:
		return false
	case by.revoked && f.Kind == audit.Missing && f.N > 0:
		return true
	}
	return by.back > 0 && (f.Kind == audit.Missing || f.Kind == audit.Forked)
}

func (c *Campus) byID(id record.NodeID) *House {
	for _, h := range c.Houses {
		if h.NodeID() == id {
			return h
		}
	}
	return nil
}

// namesOpen: desks read all names that stand, and wardens in a drill.
func (c *Campus) namesOpen(h *House) error {
	evac, on := h.Node().Replica().Evacuations().Running("")
	if h.Role != identity.RoleDesk && (h.Role != identity.RoleWarden || !on) {
		return nil
	}
	if ok, _ := h.Node().Names(); !ok {
		return violated("names are shown", "%s shows none", h.Name)
	}
	h.unlock()
	if n := h.Node(); n.PIN().State().Asks && !n.PIN().State().Set {
		_ = n.PIN().Set([]byte(pinOf)) // could not be when it started
	}
	for _, v := range c.truth.visits {
		row, held, err := rests(h.now().disk.Disk, v.card())
		if err != nil {
			return violated("goes on", "%s: %v", h.Name, err)
		}
		day := c.soundDay(h)
		switch {
		case v.maybeErased(), v.arrived.shaky, v.unsealed, h.mixed, v.years, day == 0, day+1 >= v.ends && (!held || day+1 >= row.until):
			continue
		}
		if h.Role == identity.RoleWarden {
			if p, err := h.Node().Replica().Presence(v.id); err != nil || !evac.Covers(p.Seen.Place.Site) {
				continue
			}
		}
		card, err := h.Node().Visits().Card(v.id)
		if errors.Is(err, visits.ErrNotForUs) && c.toLateKey(h, v.card()) {
			continue
		}
		if err != nil {
			return violated("those who may read do", "%s does not open v%d: %v", h.Name, v.n, err)
		}
		names := v.called()
		if row.until > v.ends {
			names = v.names // sealed anew by who may not have heard of a correction
		}
		if !slices.Contains(names, card.Name.Reveal()) {
			return violated("a correction stands", "%s calls v%d %q, and it is %q", h.Name, v.n, card.Name.Reveal(), names)
		}
		if h.Role != identity.RoleDesk {
			continue
		}
		d, err := h.Node().Visits().Dossier(v.id)
		if errors.Is(err, visits.ErrNotForUs) && c.toLateKey(h, v.parts()[1]) {
			continue
		}
		if err != nil {
			return violated("those who may read do", "%s does not open the dossier of v%d: %v", h.Name, v.n, err)
		}
		if d.Email.Reveal() != card.Name.Reveal()+"@example.org" {
			return violated("a correction stands", "%s shows a card and a dossier of v%d that do not belong together", h.Name, v.n)
		}
	}
	return nil
}

// endsWell: what was erased is gone everywhere, with proof; what is over
// leaves nothing behind.
func (c *Campus) endsWell(v *visit, all []*House) error {
	for _, h := range all {
		r := h.Node().Replica()
		traces, until := r.Shredded(v.id), record.Day(0)
		for _, k := range v.parts() {
			row, held, err := rests(h.now().disk.Disk, k)
			if err != nil {
				return violated("goes on", "%s: %v", h.Name, err)
			}
			if v.surelyErased() && held && row.state != shreddedRow {
				return violated("erased means gone", "%s keeps the key record for the %s of v%d, which was erased", h.Name, k.Audience, v.n)
			}
			traces, until = traces || held, max(until, row.until)
			if err := c.oldKeysGone(h, v, k, row); err != nil {
				return err
			}
		}
		given, err := r.Receipts(v.id)
		if err != nil {
			return violated("goes on", "%s: %v", h.Name, err)
		}
		if c.soundDay(h) > v.lastTrace()+2 && until <= v.ends && !c.wrongSince(v.arrived.at) {
			// Who was off for long confirms late; that goes with its own day.
			maps.DeleteFunc(given, func(_ record.NodeID, at record.HLC) bool { return record.DayOf(at.Time())+33 > c.soundDay(h) })
			if traces || len(given) > 0 {
				return violated("nothing is left of what is over", "%s keeps traces of v%d, which was over on %s", h.Name, v.n, v.ends)
			}
		}
		for _, f := range v.orders {
			if f.shaky || time.Since(f.at) > kept || c.past(v, f) {
				continue
			}
			if err := c.proven(h, v, f, given, all); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastTrace is the last day on which anything must be kept of a visit.
func (v *visit) lastTrace() record.Day {
	last := v.ends
	for _, f := range slices.Concat(v.orders, v.fixed) {
		last = max(last, record.DayOf(f.at)+31)
	}
	return last
}

// oldKeysGone: of the key records of a part that lay on the disk, the one that
// stands can be read and no other.
func (c *Campus) oldKeysGone(h *House, v *visit, k record.PartKey, stands resting) error {
	keys, err := h.stolen()
	if err != nil {
		return violated("keys can be read back", "%s: %v", h.Name, err)
	}
	for _, r := range h.boxes[k] {
		if c.soundDay(h) >= r.until {
			continue // dies by its date, as the rule of clocks has it
		}
		if !slices.Equal(r.box, stands.box) && r.opens(keys, k) {
			return violated("erased means gone", "%s can still read version %d of the key record for the %s of v%d from its disk", h.Name, r.version, k.Audience, v.n)
		}
	}
	return nil
}

// proven: everyone has confirmed an erasure, and every desk says so.
func (c *Campus) proven(h *House, v *visit, f *fact, given map[record.NodeID]record.HLC, all []*House) error {
	for _, o := range all {
		if _, ok := given[o.NodeID()]; !ok {
			return violated("erased with proof", "%s has no receipt of %s for v%d", h.Name, o.Name, v.n)
		}
	}
	status, err := h.Node().ErasureStatus(f.erasure)
	if errors.Is(err, privacy.ErrUnknownErasure) || err == nil && len(status.Receipts) < len(all) {
		return violated("erased with proof", "%s does not know the erasure of v%d that %s began, or not all who confirmed it: %d of %d", h.Name, v.n, f.by.Name, len(status.Receipts), len(all))
	}
	if err != nil {
		return violated("goes on", "%s: %v", h.Name, err)
	}
	revoked := false
	for _, p := range status.Pending {
		by := c.byID(p.Node)
		if by == nil || !by.revoked {
			return violated("erased with proof", "%s waits for a receipt of %s for v%d", h.Name, p.Name, v.n)
		}
		revoked = true
	}
	if !status.Complete && !revoked {
		return violated("erased with proof", "%s does not call the erasure of v%d complete", h.Name, v.n)
	}
	return nil
}
