package nodetest

import (
	"slices"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// kept is how long a fact must be found; one day less than it is kept.
const kept = 29 * 24 * time.Hour

// watch remembers what each house has shown so far.
type watch map[*House]*shown

type shown struct {
	known, left map[record.VisitID]bool
	// marked are those of whom marks alone told, which go with their day, and before
	// which day a node had dropped all then.
	marked map[record.VisitID]record.Day
	// heard are the facts that a node had told of in a beat before it was put
	// back to a copy without them.
	heard []*fact
	// heardIn is the life in which each was heard: what came just before the power
	// went may be forgotten.
	heardIn map[*fact]*life
	// asOf is as of when it called others complete.
	asOf map[*House]time.Time
	// barred is when it was first seen to know that others were revoked.
	barred map[*House]time.Time
	// nameless is since when it lists somebody who came in at others, and does not name
	// these.
	nameless map[*House]time.Time
}

func (w watch) of(h *House) *shown {
	if w[h] == nil {
		w[h] = &shown{
			known: map[record.VisitID]bool{}, left: map[record.VisitID]bool{}, marked: map[record.VisitID]record.Day{},
			asOf: map[*House]time.Time{}, barred: map[*House]time.Time{}, nameless: map[*House]time.Time{}, heardIn: map[*fact]*life{},
		}
	}
	return w[h]
}

// heardBefore notes which houses had heard their node say that it held a fact
// which it has lost now.
func (w watch) heardBefore(on []*House, f *fact) {
	for _, h := range on {
		if h == f.by {
			continue
		}
		for _, n := range h.Node().Mesh().Freshness() {
			if n.Node == f.by.ID && n.LastHeard.After(f.at.Add(2*beatEvery)) {
				w.of(h).heard = append(w.of(h).heard, f)
				w.of(h).heardIn[f] = h.now()
			}
		}
	}
}

// forget: the house was put back to an older state.
func (w watch) forget(h *House) { delete(w, h) }

// Check holds every running node to what must always be true.
func (c *Campus) Check() error {
	synctest.Wait() // what is under way on real files ends
	if err := c.bury(); err != nil {
		return err
	}
	for _, h := range c.on() {
		if err := h.Node().Replica().Failure(); err != nil {
			return violated("goes on", "%s: %v", h.Name, err)
		}
		for _, check := range []func(*House) error{c.checkSeals, c.checkLists, c.checkFreshness, c.checkNews, c.checkOwn, c.checkCutOff} {
			if err := check(h); err != nil {
				return err
			}
		}
		for _, o := range c.Houses {
			if err := c.checkLosses(h, o, 2*beatEvery); err != nil {
				return err
			}
		}
	}
	return c.checkSecrets()
}

// checkLists: nobody is missing without evidence, nobody comes back, nothing
// known is forgotten; and the list is there at once.
func (c *Campus) checkLists(h *House) error {
	mem, began := c.seen.of(h), time.Now()
	for _, v := range slices.Concat(c.truth.visits, c.truth.added) {
		listed, known := present(h, v.id)
		horizon := h.Node().Replica().Horizon()
		if day, only := mem.marked[v.id]; only && !known && horizon > day {
			delete(mem.known, v.id)
		}
		delete(mem.marked, v.id)
		switch {
		case known && !listed && !v.gone():
			return violated("no silent absence", "v%d is not on the list of %s, and nobody ever said that v%d left", v.n, h.Name, v.n)
		case !known && mem.known[v.id] && !v.gone():
			return violated("nothing known is forgotten", "%s knew of v%d and does not now", h.Name, v.n)
		case listed && mem.left[v.id] && !v.judgedAnew() && !v.doubt:
			return violated("nobody comes back", "%s lists v%d, who had left by its own list", h.Name, v.n)
		}
		if known {
			mem.known[v.id] = true
			mem.left[v.id] = !listed
			if p, err := h.Node().Replica().Presence(v.id); err == nil && p.MarkedOnly {
				mem.marked[v.id] = horizon
			}
		}
	}
	h.Node().Replica().Open()
	return inTime(h, began, "a list")
}

// judgedAnew: a departure told at a node that was revoked may count no more.
func (v *visit) judgedAnew() bool {
	for _, f := range v.left {
		if f.by.revoked {
			return true
		}
	}
	return false
}

// checkFreshness: what a list calls complete as of T has all that the entrance
// acknowledged before T by its own clock, also where it is the node's own. Of what
// its entrance lost see checkLosses and checkOwn.
func (c *Campus) checkFreshness(h *House) error {
	asOf := map[identity.NodeID]time.Time{}
	for _, n := range h.Node().Mesh().Freshness() {
		asOf[n.Node] = n.AsOf
	}
	var bad error
	c.truth.facts(func(v *visit, f *fact) {
		t := asOf[f.by.ID]
		if bad != nil || f.shaky || f.lost || !f.clock.Before(t) || c.past(v, f) || knows(h, v, f) || standsDropped(h, v, f) || comesAnew(h, v, f) {
			return
		}
		bad = violated("freshness is never wrong", "%s calls %s complete as of %s, and lacks the %s, acknowledged there at %s",
			h.Name, f.by.Name, clock(t), f.about(v), clock(f.clock))
	})
	return bad
}

// comesAnew reports whether a house has dropped the day under which a mark was filed
// by a clock of which nobody could tell that it was behind, and who wrote it holds it
// still: it writes it anew as soon as it hears what others have settled.
func comesAnew(h *House, v *visit, f *fact) bool {
	if f.kind != marked && f.kind != undone {
		return false
	}
	d, err := record.ParseDocID(string(f.said.id.Doc))
	return err == nil && d.Day < h.Node().Replica().Horizon() && f.by.Node() != nil && knows(f.by, v, f)
}

// checkLosses: of a node that lost what it had told of, h says so, from the
// first beat on that it hears of the new life, and until the node has it again.
// What was under way for longer than late is of the new life for sure. Only of
// what happened while all clocks were right, for times are compared here; and only
// of what a position names, the documents of a day and the day before: of what is older and
// nobody else ever got, no beat says that it is lost.
func (c *Campus) checkLosses(h, of *House, late time.Duration) error {
	heard := c.seen.of(h).heard
	if len(heard) == 0 || h.revoked || of.Node() == nil || c.anyWrong() {
		return nil
	}
	for _, n := range h.Node().Mesh().Freshness() {
		if n.Node != of.ID || !n.LastHeard.After(of.backAt.Add(late)) || !n.Regressed.To.IsZero() {
			continue
		}
		for _, f := range heard {
			if f.by != of || of.backAt.Sub(f.at) > 24*time.Hour || c.wrong && f.at.Before(c.wrongUntil.Add(believed)) {
				continue
			}
			if v := c.truth.of(f); !knows(of, v, f) && !c.past(v, f) {
				return violated("a loss is named", "%s does not say that %s lost what it acknowledged at %s", h.Name, of.Name, clock(f.clock))
			}
		}
	}
	return nil
}

// ownFacts: a node that starts has all that it acknowledged since it was last
// put back to a copy.
func (c *Campus) ownFacts(h *House) error {
	var bad error
	c.truth.facts(func(v *visit, f *fact) {
		if bad == nil && f.by == h && f.back == h.back && !f.shaky && !c.past(v, f) && !knows(h, v, f) {
			bad = violated("nothing acknowledged is lost", "%s started without the %s, which it acknowledged %v ago", h.Name, f.about(v), time.Since(f.at).Round(time.Second))
		}
	})
	return bad
}

// past: the fact is of a visit that is over, and may have been dropped.
func (c *Campus) past(v *visit, f *fact) bool {
	switch {
	case f.kind == undone && v.over(f), f.kind == named && v.overFor(kept):
		return true
	case f.kind == erased && f.filed < record.DayOf(f.at.Add(-kept)) && v.ends < record.DayOf(time.Now()):
		return true // by a clock that was behind, of what nobody can read any more
	}
	return (f.kind != arrival && f.kind != departure && f.kind != addition || v.gone()) && time.Since(f.at) > kept
}

// over reports whether all marks were over by themselves of which one was taken back:
// then neither is kept.
func (v *visit) over(f *fact) bool {
	return !slices.ContainsFunc(v.said, func(g *fact) bool { return g.kind == marked && g.at.Before(f.at) && time.Since(g.at) <= kept })
}

// overFor reports whether somebody went so long ago: what is said of the visit since
// goes with it.
func (v *visit) overFor(d time.Duration) bool {
	return v.gone() && time.Since(v.arrived.at) > d && !slices.ContainsFunc(v.left, func(f *fact) bool { return time.Since(f.at) <= d })
}

func clock(t time.Time) string { return t.UTC().Format("02T15:04:05.000") }
