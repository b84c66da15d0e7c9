package identity

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	// maxTokenLife is longer than any token lasts (mesh/join.MaxTTL), so that
	// what became of a token is never forgotten before the token.
	maxTokenLife = 31 * day
	// keepRevoked is how long the certificate of a revoked node is kept behind
	// the horizon: entries that it wrote while cut off may come that late, and
	// are verified by it. Wardens are kept for as long as keys live that they
	// may hold, which are made for 90 days ahead: by who was revoked everybody
	// knows which keys to use. Those who may edit settings are kept for as long
	// as documents of settings are.
	keepRevoked = 30 * day
	keepHolders = 90 * day
	keepEditors = 2 * 366 * day
	// pruneStep makes the horizons of nodes whose days do not end at the same
	// moment mostly the same.
	pruneStep = 7 * day

	day = 24 * time.Hour
)

// Pruner is a Keeper that can forget. A Roster whose keeper is none keeps in
// the keeper what it has forgotten itself, until the next start.
type Pruner interface {
	// Remove forgets records, durably; unknown ones are no error.
	Remove(ids []RecordID) error
}

// Prune forgets what nothing can need any more, given that all that was
// written before horizon has been dropped: records of tokens that are long
// dead, and the certificates of nodes that were revoked long before. What
// denies is kept for good: of each revoked node one revocation per signer. A
// later horizon than one before; an earlier one changes nothing.
//
// What is kept is a pure function of the records and the horizon, and what is
// not kept is not taken either. So nodes that prune at different times neither
// bring things back to each other nor, at one horizon, have different digests.
func (r *Roster) Prune(horizon time.Time) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, h := r.horizon, horizon.Truncate(pruneStep)
	if !h.After(before) {
		return 0, nil
	}
	r.horizon = h
	if n, err = r.prune(); err != nil {
		r.horizon = before // so that the next call tries again
	}
	if n > 0 {
		r.view.Store(newView(r.records))
	}
	return n, err
}

// prune removes what is not kept; callers hold mu, have the view of all
// records in place, and make a new one when n is not 0.
func (r *Roster) prune() (n int, err error) {
	if r.horizon.IsZero() {
		return 0, nil
	}
	var gone []RecordID
	kept := keeping(r.view.Load(), r.horizon)
	for id, rec := range r.records {
		if !kept(rec) {
			gone = append(gone, id)
		}
	}
	if p, ok := r.keeper.(Pruner); ok && len(gone) > 0 {
		if err := p.Remove(gone); err != nil {
			return 0, fmt.Errorf("prune roster: %w", err)
		}
	}
	for _, id := range gone {
		delete(r.records, id)
	}
	return len(gone), nil
}

// pruned reports whether a record that is not held would not be kept.
func (r *Roster) pruned(rec *Record) bool {
	return !r.horizon.IsZero() && !keeping(r.view.Load(), r.horizon)(rec)
}

// keeping says which records are kept at a horizon, by the view of the whole
// set. It gives the same answer for a set and for what it keeps of the set.
func keeping(v *view, horizon time.Time) func(*Record) bool {
	return func(r *Record) bool {
		switch {
		case r.TokenIssued != nil:
			return !time.UnixMilli(r.TokenIssued.Expires).Before(horizon)
		case r.TokenSpent != nil:
			return !time.UnixMilli(r.TokenSpent.At).Before(horizon.Add(-maxTokenLife))
		case r.TokenVoided != nil:
			return !time.UnixMilli(r.TokenVoided.At).Before(horizon.Add(-maxTokenLife))
		case r.Cert != nil:
			end := v.ended[r.Cert.Node()]
			return rooted(r) || end == nil || !end.over(r, horizon)
		case r.Revocation != nil:
			end := v.ended[r.Revocation.Node]
			return end == nil || end.needs(r) || !end.forgotten(horizon)
		}
		return true
	}
}

// ending is that of a node which is revoked, and for which the root has signed
// no certificate: where it has, all that was said of the node is kept.
type ending struct {
	certs []*Record
	// last is the standing revocation with the highest serial, by signer.
	last map[NodeID]*Record
	// at is when the latest of them was signed.
	at time.Time
}

// endings of those nodes, by the revocations that stand.
func endings(revoked, certs map[NodeID][]*Record) map[NodeID]*ending {
	out := map[NodeID]*ending{}
	for id, revs := range revoked {
		if slices.ContainsFunc(certs[id], rooted) {
			continue
		}
		e := &ending{certs: certs[id], last: map[NodeID]*Record{}}
		for _, r := range revs {
			if old := e.last[r.Signer]; old == nil || later(r, old) {
				e.last[r.Signer] = r
			}
		}
		for _, r := range e.last {
			if at := r.Revocation.Time(); at.After(e.at) {
				e.at = at
			}
		}
		out[id] = e
	}
	return out
}

func later(a, b *Record) bool {
	return cmp.Or(cmp.Compare(a.Revocation.Serial, b.Revocation.Serial), bytes.Compare(a.ID[:], b.ID[:])) > 0
}

// needs reports whether the revocation is the one of its signer that denies.
// One of a later serial than that is new, or does not stand: it is kept too.
func (e *ending) needs(r *Record) bool {
	last := e.last[r.Signer]
	return last == nil || !later(last, r)
}

// over reports whether a certificate of the node is needed no more.
func (e *ending) over(r *Record, horizon time.Time) bool {
	keep := keepRevoked
	switch r.Cert.Role {
	case RoleDesk:
		keep = keepEditors
	case RoleWarden:
		keep = keepHolders
	}
	return e.at.Before(horizon.Add(-keep))
}

// forgotten reports whether no certificate of the node is kept.
func (e *ending) forgotten(horizon time.Time) bool {
	return e.at.Before(horizon.Add(-keepRevoked)) &&
		!slices.ContainsFunc(e.certs, func(c *Record) bool { return !e.over(c, horizon) })
}

// Denied reports whether the node has been revoked, also when its certificate
// has been forgotten since.
func (r *Roster) Denied(id NodeID) bool {
	v := r.view.Load()
	m, ok := v.members[id]
	return ok && m.Revoked != nil || v.ended[id] != nil
}

// Ends are the revocations that this roster keeps; the caller must not change them.
func (r *Roster) Ends() Ends { return r.view.Load().ends }
