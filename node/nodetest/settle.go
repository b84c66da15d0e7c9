package nodetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

const (
	// patience is how long a campus without faults may take to agree.
	patience = 25 * time.Minute
	glance   = 5 * time.Second
	// renewed is within what time keys are replaced that could not be replaced
	// when somebody was revoked: every desk has its turn.
	renewed = 45 * time.Second
	// fresh is how old the news of a healthy campus may be.
	fresh = 6 * beatEvery
)

// Heal undoes every fault and starts every node.
func (c *Campus) Heal() error {
	c.near()
	c.whole()
	c.rightClocks()
	for _, h := range c.Houses {
		h.setJam(false)
		h.room()
	}
	if err := c.bury(); err != nil {
		return err
	}
	time.Sleep(measured)
	for _, h := range c.Houses {
		if h.Node() == nil {
			if err := c.startHouse(h); err != nil {
				return err
			}
		}
	}
	return nil
}

// Settle waits until every node agrees with every other and with what really
// happened, touching nothing. It returns how long that took.
func (c *Campus) Settle() (time.Duration, error) {
	began := time.Now()
	for {
		if err := c.Check(); err != nil {
			return 0, err
		}
		err := c.agree()
		if err == nil && c.closed {
			// Old days are dropped in their own time; all must still agree.
			c.closed = false
			time.Sleep(dropping)
			began = began.Add(dropping)
			continue
		}
		if err == nil && !c.probed {
			c.probed = true
			time.Sleep(renewed)
			began = began.Add(renewed)
			for _, check := range []func() error{c.probe, c.allAnswer, c.newcomer} {
				if err := check(); err != nil {
					return 0, err
				}
			}
			if c.away {
				// What was dropped before it joined a newcomer takes for missing until
				// it has looked after old days itself.
				time.Sleep(dropping)
				began = began.Add(dropping)
			}
			continue
		}
		if err == nil {
			return time.Since(began), nil
		}
		if time.Since(began) > c.patience {
			return 0, err
		}
		if time.Since(began) > 3*time.Minute {
			c.announce()
		}
		time.Sleep(glance)
	}
}

// announce does what multicast does on a real network: who has another address
// is found by those who knew the old one alone. The address book has its
// chance first.
func (c *Campus) announce() {
	for _, h := range c.Houses {
		for _, o := range c.Houses {
			if o != h && o.moved {
				h.Node().Mesh().Learn(o.ID, []string{o.addr})
			}
		}
	}
}

// members are the houses that belong to the campus.
func (c *Campus) members() (out []*House) {
	for _, h := range c.Houses {
		if !h.revoked {
			out = append(out, h)
		}
	}
	return out
}

// agree is nil when the campus is as it must be in the end.
func (c *Campus) agree() error {
	all := c.members()
	sole := droppedByOne(all)
	entries := func(a, b *House) error { return sameEntries(a, b, sole) }
	for _, check := range []func(*House, *House) error{sameRoster, entries, sameList, sameSettings, c.sameVerdicts} {
		for _, h := range all[1:] {
			if err := check(all[0], h); err != nil {
				return err
			}
		}
	}
	for i, h := range all[1:] { // the first may be the one that has dropped a document
		if err := entries(all[i], h); err != nil {
			return err
		}
	}
	if err := c.agreeWithTruth(all[0]); err != nil {
		return err
	}
	if err := c.marksStand(all[0]); err != nil {
		return err
	}
	for _, h := range all {
		if !h.Node().CanSeal() {
			return violated("answers alone", "%s has no keys to seal names with", h.Name)
		}
		if err := c.meets(h, all); err != nil {
			return err
		}
		for author, why := range h.Node().Replica().Refused() {
			// What came before its author's certificate is pulled again.
			if author != (record.NodeID{}) {
				return violated("refuses nothing that is right", "%s: %v", h.Name, why)
			}
		}
	}
	for _, h := range c.Houses {
		if h.revoked && h.Node().Barred() == nil {
			return violated("a revoked node is told", "%s goes on", h.Name)
		}
	}
	return c.agreeOnSecrets(all)
}

func sameRoster(a, b *House) error {
	if a.Node().Roster().Digest() != b.Node().Roster().Digest() {
		return violated("agree on the roster", "%s and %s do not", a.Name, b.Name)
	}
	return nil
}

// droppedByOne are the documents of days far ahead that one member alone has noted in
// time and dropped, where all others hold them for their own time: one member's word
// destroys nothing (crdt/DESIGN.md, "when they go").
func droppedByOne(all []*House) map[record.DocID]bool {
	holders, dropped := map[record.DocID]int{}, map[record.DocID]int{}
	for _, h := range all {
		for doc := range h.Node().Replica().HeldAhead() {
			holders[doc]++
		}
	}
	for doc := range holders {
		for _, h := range all {
			if _, held := h.Node().Replica().Digests()[doc]; held {
				continue
			}
			if _, noted := h.Node().Replica().FirstHeld(doc); noted {
				dropped[doc]++
			}
		}
	}
	sole := map[record.DocID]bool{}
	for doc, n := range holders {
		sole[doc] = dropped[doc] == 1 && n == len(all)-1
	}
	return sole
}

func sameEntries(a, b *House, but map[record.DocID]bool) error {
	x, y := a.Node().Replica().Digests(), b.Node().Replica().Digests()
	for doc, sum := range x {
		if got, held := y[doc]; got != sum && (held || !but[doc]) {
			return violated("heals by itself", "%s and %s differ in %s", a.Name, b.Name, doc)
		}
	}
	for doc := range y {
		if _, ok := x[doc]; !ok && !but[doc] {
			return violated("heals by itself", "%s lacks %s of %s", a.Name, doc, b.Name)
		}
	}
	return nil
}

// line is what matters of a presence.
func line(p record.Presence) string {
	return fmt.Sprintf("%s %s %s %d", p.Visit, p.State, p.Seen.Place.Site, p.Since)
}

func sameList(a, b *House) error {
	x, y := a.Node().Replica().Open(), b.Node().Replica().Open()
	if !slices.EqualFunc(x, y, func(p, q record.Presence) bool { return line(p) == line(q) }) {
		return violated("same events, same list", "%s lists %d, %s lists %d, and they differ", a.Name, len(x), b.Name, len(y))
	}
	return nil
}

func sameSettings(a, b *House) error {
	x, y := a.Node().Replica().Settings(""), b.Node().Replica().Settings("")
	if len(x) != len(y) {
		return violated("agree on settings", "%s has %d, %s has %d", a.Name, len(x), b.Name, len(y))
	}
	for i := range x {
		if x[i].Key != y[i].Key || x[i].Value.String() != y[i].Value.String() || !bytes.Equal(x[i].Value.Bytes(), y[i].Value.Bytes()) {
			return violated("agree on settings", "%s and %s differ on %s", a.Name, b.Name, x[i].Key)
		}
	}
	return nil
}

// agreeWithTruth compares the list with what really happened.
func (c *Campus) agreeWithTruth(h *House) error {
	listed := map[record.VisitID]record.State{}
	for _, p := range h.Node().Replica().Open() {
		if !p.Visit.IsZero() {
			listed[p.Visit] = p.State
		}
	}
	for _, v := range c.truth.added {
		if _, inside := listed[v.id]; !inside && !v.gone() && !v.arrived.shaky {
			return violated("nothing acknowledged is lost", "v%d was added at %s and is on no list", v.n, v.arrived.by.Name)
		}
		delete(listed, v.id)
	}
	for _, v := range c.truth.visits {
		state, inside := listed[v.id]
		delete(listed, v.id)
		switch {
		case !inside && !v.gone() && !v.arrived.shaky:
			return violated("nothing acknowledged is lost", "v%d came in at %s and is on no list", v.n, v.arrived.by.Name)
		case inside && v.surelyGone() && !v.doubt:
			return violated("out at another door", "v%d went out and is still listed as %s", v.n, state)
		case inside && state != record.Present && !v.arrived.shaky:
			return violated("nothing acknowledged is lost", "v%d, who came in at %s, is listed as %s", v.n, v.arrived.by.Name, state)
		}
	}
	if err := c.nobodyInvented(slices.Collect(maps.Keys(listed))); err != nil {
		return err
	}
	return c.settingsStand(h)
}

// meets: a node is connected with every other and its news is fresh.
func (c *Campus) meets(h *House, all []*House) error {
	var absent []string
	peers := map[string]bool{}
	for _, p := range h.Node().Mesh().Peers() {
		peers[p.ID.Short()] = true
	}
	for _, o := range all {
		if o != h && !peers[o.ID.Short()] {
			absent = append(absent, o.Name)
		}
	}
	for _, o := range c.Houses {
		if o.revoked && peers[o.ID.Short()] {
			return violated("only members", "%s is connected with %s, which has been revoked", h.Name, o.Name)
		}
	}
	if len(absent) > 0 {
		return violated("find each other", "%s has not found %s", h.Name, strings.Join(absent, ", "))
	}
	now, asOf := h.Clock.Now(), map[identity.NodeID]time.Time{}
	for _, n := range h.Node().Mesh().Freshness() {
		asOf[n.Node] = n.AsOf
	}
	for _, o := range all {
		at, named := asOf[o.ID]
		switch {
		case !named:
			return violated("says how old its news is", "%s does not name %s", h.Name, o.Name)
		case at.IsZero() || now.Sub(at) > fresh:
			return violated("says how old its news is", "%s has heard nothing complete of %s since %s", h.Name, o.Name, clock(at))
		}
	}
	return nil
}

// step marks a violation with the step after which it was seen.
func step(n int, err error) error {
	var v *Violation
	if errors.As(err, &v) {
		v.Step = n
	}
	return err
}
