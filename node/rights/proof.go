package rights

import (
	"crypto/sha256"
	"errors"
	"slices"
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

// identify finds the visit that a person can show to be theirs. Who is wrong is
// counted by the code that was typed, whether or not it is of a visit: else the
// end of guessing would say which are.
func (f *Self) identify(a SelfAsk) (record.VisitID, proof, error) {
	v, shown, err := f.cfg.Bears(a.Code)
	if err != nil {
		v = record.VisitID{} // as one that nobody knows
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now, code := f.s.cfg.Now(), typed(a.Code)
	f.wrong.tidy(now)
	f.all = within(f.all, now)
	if len(f.wrong[code]) >= selfTries || len(f.all) >= selfAll {
		return v, unproved, ErrSelfWait
	}
	if !v.IsZero() {
		c, d, err := f.s.cfg.Open(v)
		switch {
		case errors.Is(err, ErrNotYet):
			return v, unproved, ErrNotYet
		case err == nil:
			if by := proves(a.Knows, shown, c, d); by != unproved {
				return v, by, f.counted(now, v)
			}
		}
	}
	f.all, f.wrong[code] = append(f.all, now), append(f.wrong[code], now)
	return v, unproved, ErrSelf
}

// find finds the one visit of somebody inside who says their name and what only they
// know. A name is no secret, so that it takes an address that they gave: who leaves by
// it is off the list of an evacuation. Who is wrong is counted by the name.
func (f *Self) find(a SelfAsk) (found record.VisitID, err error) {
	name := plainly(record.Private(a.Name))
	if name == "" || f.cfg.Inside == nil {
		return found, ErrSelfFind
	}
	may := f.cfg.Inside(record.Private(a.Name))
	f.mu.Lock()
	defer f.mu.Unlock()
	now, by := f.s.cfg.Now(), typed("name "+name)
	f.wrong.tidy(now)
	f.all = within(f.all, now)
	if len(f.wrong[by]) >= selfTries || len(f.all) >= selfAll {
		return found, ErrSelfWait
	}
	several := false
	for _, v := range may {
		switch c, d, err := f.s.cfg.Open(v); {
		case errors.Is(err, ErrNotYet):
			return record.VisitID{}, ErrNotYet
		case err != nil || plainly(c.Name) != name || proves(a.Knows, false, c, d) != byAddress:
		default:
			several = !found.IsZero()
			found = v
		}
	}
	if found.IsZero() || several {
		f.all, f.wrong[by] = append(f.all, now), append(f.wrong[by], now)
		return record.VisitID{}, ErrSelfFind
	}
	return found, f.counted(now, found)
}

// plainly is a name without the differences that people do not mean.
func plainly(p record.Private) string { return strings.Join(strings.Fields(folded(p)), " ") }

// counted counts what a person does about their visit: each is on record for as
// long as the visit, on every node. Callers hold mu.
func (f *Self) counted(now time.Time, v record.VisitID) error {
	f.acts.tidy(now)
	if len(f.acts[v]) >= selfActs {
		return ErrSelfEnough
	}
	f.acts[v] = append(f.acts[v], now)
	return nil
}

// typedCode stands for a code as it was typed; the text itself is kept nowhere.
type typedCode string

// typed is the badge's code, whether it was typed or is in a QR, or a digest of
// what is no code.
func typed(text string) typedCode {
	if c, err := record.ParseCode(text); err == nil {
		return typedCode(c.Badge.String())
	}
	sum := sha256.Sum256([]byte(folded(record.Private(text))))
	return typedCode(sum[:])
}

// times are when something was done within the hour, by what it is counted by.
type times[K comparable] map[K][]time.Time

func (t times[K]) tidy(now time.Time) {
	for k, all := range t {
		if t[k] = within(all, now); len(t[k]) == 0 {
			delete(t, k)
		}
	}
}

// within are those of times that are less than an hour away.
func within(all []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(all, func(at time.Time) bool { return now.Sub(at).Abs() >= selfWithin })
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
	if shown && d.Phone == "" && d.Email == "" && c.Name != "" && plainly(record.Private(knows)) == plainly(c.Name) {
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
