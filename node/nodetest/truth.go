package nodetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// truth is what really happened, as somebody who stood at every door at once
// would tell it.
type truth struct {
	visits []*visit
	// added are the people who were on no list and were added; starts are the
	// acknowledged starts of evacuations.
	added  []*visit
	starts []*fact
	// tried are the names of arrivals that were told to a node but never
	// acknowledged: they may turn up, under ids that nobody knows.
	tried map[string]bool
	// told counts the names that were told at any door.
	told int
	// settings are all values ever written, acknowledged or not, and edits the
	// acknowledged changes of settings.
	settings map[string]map[string]bool
	edits    []*fact
}

func newTruth() *truth {
	return &truth{tried: map[string]bool{}, settings: map[string]map[string]bool{}}
}

// fact is one acknowledged event.
type fact struct {
	by *House
	// id is that of its event, where it is known.
	id record.EventID
	// at is the time of acknowledgement, clock that in the writer's timeline.
	at, clock time.Time
	// back is how often the writer had been put back to a copy.
	back int
	// lost: the writer itself was put back to a copy from before it.
	lost bool
	// shaky facts may rightly be gone: their only copy was on a machine that
	// was put back to an older state, or on a revoked one.
	shaky bool

	kind factKind
	// version is that of the particulars, where they are what it is about.
	version uint32
	name    string
	erasure record.ErasureID
	// filed is the day under which an erasure was filed.
	filed record.Day
	// evac is the evacuation that it starts.
	evac record.EvacID
	// said is what a mark or its correction says.
	said said
	// sets is what a change of a setting says, over are those that were written
	// over it.
	sets sets
	over []*fact
}

// kind is what a fact is about.
type factKind int

const (
	arrival factKind = iota
	departure
	erased
	named
	marked
	undone
	addition
	sounded
	edited
)

func (k factKind) String() string {
	return [...]string{"arrival", "departure", "erasure", "correction", "mark", "undone mark", "addition", "alarm", "setting"}[k]
}

// visit is one person's stay.
type visit struct {
	n       int
	id      record.VisitID
	arrived fact
	left    []*fact
	// tried: a departure was told and not acknowledged, so it may be on record
	// or not.
	tried bool
	// doubt: the departure had not reached every node when its retention ended,
	// so that a node which lacks it may rightly say that the person is inside.
	doubt bool

	// qr is the receipt's, which the person carries.
	qr string
	// years: a clock was wrong by years when it began.
	years bool
	// names are those it was ever given, acknowledged or not, the first first.
	names []string
	// fixed are the corrections, orders the erasures that were acknowledged.
	fixed, orders []*fact
	// ordered: an erasure was told and not acknowledged.
	ordered bool
	// tangled: a correction was told and not acknowledged.
	tangled bool
	// unsealed: its arrival is known, and all its particulars may be lost with
	// the only disk that had them or their key, or were sealed to one of a date
	// that is past.
	unsealed bool
	// ends is the date of its keys, unless they are sealed anew.
	ends record.Day

	// said are the marks that were acknowledged, and the corrections of marks.
	said []*fact
}

// gone reports whether anybody ever said that the person went out.
func (v *visit) gone() bool { return v.tried || len(v.left) > 0 }

// surelyGone reports whether an acknowledged departure must be known to all.
func (v *visit) surelyGone() bool {
	for _, f := range v.left {
		if !f.shaky {
			return true
		}
	}
	return false
}

// doubts notes which departures will not have reached everyone when their days
// are dropped, in a closure of some weeks that begins now. A node that was away is
// told by the others that a visit was over, unless it began shortly before the
// node went, or was cut off before it went; and one whose disk is full keeps nothing of what it has heard since.
func (c *Campus) doubts(weeks time.Duration) {
	for _, v := range c.truth.visits {
		if time.Since(v.arrived.at)+weeks < undropped {
			continue
		}
		for _, h := range c.members() {
			switch {
			case !v.gone():
			case h.full && v.arrived.at.After(h.fullAt.Add(-shortly)):
				v.doubt = true // what it shows of it is in its memory alone
			case h.Node() == nil:
				v.doubt = v.doubt || v.arrived.at.After(c.met(h).Add(-shortly))
			default:
				listed, known := present(h, v.id)
				v.doubt = v.doubt || listed || !known
			}
		}
	}
}

// undropped is for how long nothing that was written is dropped anywhere.
const undropped = 28 * 24 * time.Hour

// shortly is how long before a separation a visit may have begun without
// being known to the others for sure.
const shortly = 25 * time.Minute

// about says what a fact is, and of whom.
func (f *fact) about(v *visit) string {
	if v == nil {
		return f.kind.String()
	}
	return fmt.Sprintf("%s of v%d", f.kind, v.n)
}

// facts calls fn for every acknowledged event, with the visit that it is about:
// nil for the start of an evacuation and for a setting.
func (t *truth) facts(fn func(*visit, *fact)) {
	for _, v := range slices.Concat(t.visits, t.added) {
		fn(v, &v.arrived)
		for _, f := range slices.Concat(v.left, v.orders, v.fixed, v.said) {
			fn(v, f)
		}
	}
	for _, f := range slices.Concat(t.starts, t.edits) {
		fn(nil, f)
	}
}

// of is the visit that a fact is about.
func (t *truth) of(f *fact) (found *visit) {
	t.facts(func(v *visit, g *fact) {
		if f == g {
			found = v
		}
	})
	return found
}

// arrivedIn reports whether a presence tells of more than marks and departures:
// of somebody who came in, whether the word of the node counts or not. Where
// nothing else was seen, a mark is shown for a sighting, so a house that has
// marked somebody it never heard of does not know of the arrival.
func arrivedIn(p record.Presence) bool {
	return !p.Seen.IsZero() && !p.MarkedOnly &&
		!slices.ContainsFunc(p.Marks, func(m record.MarkFact) bool { return m.ID == p.Seen.ID })
}

// standsDropped reports whether a running house has dropped the day under which
// an erasure was filed, and holds the visit for shredded all the same: a handheld
// or entrance keeps to what it heard until a desk has written it anew, and does
// not know meanwhile which erasure it was.
func standsDropped(h *House, v *visit, f *fact) bool {
	r := h.Node().Replica()
	return f.kind == erased && f.filed < r.Horizon() && r.Shredded(v.id)
}

// knows reports whether a running house holds a fact. A fact of a visit that
// is over and dropped counts as held.
func knows(h *House, v *visit, f *fact) bool {
	r := h.Node().Replica()
	switch f.kind {
	case erased:
		// The other half of a campus may have erased the same visit meanwhile.
		_, _, _, ok, err := r.Erasure(f.erasure)
		return err == nil && ok
	case marked, undone:
		return holds(h, v, f.said)
	case sounded:
		return slices.ContainsFunc(r.Evacuations(), func(x record.Start) bool { return x.ID == f.evac })
	case edited:
		return r.Holds(f.id)
	case named:
		part, err := r.Sealed(record.PartKey{Visit: v.id, Audience: record.CardAudience})
		return err == nil && part.Version >= f.version || errors.Is(err, crdt.ErrErased) || errors.Is(err, crdt.ErrExpired)
	}
	p, err := r.Presence(v.id)
	if f == &v.arrived {
		return err == nil && arrivedIn(p)
	}
	if err == nil && !p.Open() {
		return true
	}
	stated, err := r.Evidence(v.id.Badge())
	if err != nil {
		return false
	}
	for _, s := range stated {
		if s.Event.Kind == record.Left && s.ID.Actor.Node() == f.by.NodeID() {
			return true
		}
	}
	return false
}
