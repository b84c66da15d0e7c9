package rights

import (
	"errors"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// proof is how somebody has shown that a visit is theirs.
type proof int

const (
	unproved proof = iota
	// byBadge: by the badge, and the name that its picture gives away too.
	byBadge
	// byAddress: by an address that they alone have told.
	byAddress
)

// identify finds the visit that a person can show to be theirs.
func (f *Self) identify(a SelfAsk) (record.VisitID, proof, error) {
	v, shown, err := f.cfg.Bears(a.Code)
	if err != nil {
		v = record.VisitID{} // as one that nobody knows
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.s.cfg.Now()
	if !v.IsZero() && f.tries(now, v) >= selfTries || f.tries(now, record.VisitID{}) >= selfAll {
		return v, unproved, ErrSelfWait
	}
	if !v.IsZero() {
		c, d, err := f.s.cfg.Open(v)
		switch {
		case errors.Is(err, ErrNotYet):
			return v, unproved, ErrNotYet
		case err == nil:
			if by := proves(a.Knows, shown, c, d); by != unproved {
				return v, by, nil
			}
		}
	}
	f.wrong[record.VisitID{}] = append(f.wrong[record.VisitID{}], now)
	if !v.IsZero() {
		f.wrong[v] = append(f.wrong[v], now)
	}
	return v, unproved, ErrSelf
}

// tries are how often somebody was wrong within the hour; callers hold mu.
func (f *Self) tries(now time.Time, v record.VisitID) int {
	for id, all := range f.wrong {
		var late []time.Time
		for _, at := range all {
			if now.Sub(at).Abs() < selfWithin {
				late = append(late, at)
			}
		}
		if f.wrong[id] = late; len(late) == 0 {
			delete(f.wrong, id)
		}
	}
	return len(f.wrong[v])
}

// proves tells what somebody shows who knows what only the person does: an address
// that they gave; or, where they gave none, their name, the badge in hand. A
// name stands on the badge, so that it proves nothing without.
func proves(knows string, shown bool, c record.Card, d record.Dossier) proof {
	if phone := digits(d.Phone.Reveal()); len(phone) > 5 && sameNumber(digits(knows), phone) {
		return byAddress
	}
	if mail := folded(d.Email); mail != "" && folded(record.Private(knows)) == mail {
		return byAddress
	}
	plain := func(p record.Private) string { return strings.Join(strings.Fields(folded(p)), " ") }
	if shown && d.Phone == "" && d.Email == "" && c.Name != "" && plain(record.Private(knows)) == plain(c.Name) {
		return byBadge
	}
	return unproved
}

// sameNumber reports whether two numbers are one, with and without the prefix of
// the country.
func sameNumber(a, b string) bool {
	plain := func(s string) string {
		s = strings.TrimPrefix(s, "00")
		if rest, ok := strings.CutPrefix(s, "46"); ok && len(rest) > 5 {
			s = rest
		}
		return strings.TrimPrefix(s, "0")
	}
	a, b = plain(a), plain(b)
	return len(a) > 4 && a == b
}
