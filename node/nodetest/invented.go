package nodetest

import (
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// nobodyInvented: whoever is on the list under an id that nobody was ever told is
// somebody who was told of at a door, and each of those but once. A desk opens
// their names to say so.
func (c *Campus) nobodyInvented(unknown []record.VisitID) error {
	seen := map[string]bool{}
	closed := 0
	for _, id := range unknown {
		name, ok := c.nameOf(id)
		switch {
		case !ok:
			closed++
			continue
		case !c.truth.tried[name]:
			return violated("nobody is invented", "the list has %q under an id that nobody was told", name)
		case seen[name]:
			return violated("nobody is invented", "the list has %q twice", name)
		}
		seen[name] = true
	}
	switch {
	case len(unknown) > len(c.truth.tried):
		return violated("nobody is invented", "%d on the list are unknown, and at most %d may be", len(unknown), len(c.truth.tried))
	case closed > 0 && !c.lostKeys():
		return violated("nobody is invented", "%d on the list are unknown, and no desk opens their names", closed)
	}
	return nil
}

// nameOf is what the desks in good standing call a visit.
func (c *Campus) nameOf(id record.VisitID) (string, bool) {
	for _, h := range c.members() {
		if h.Role != identity.RoleDesk {
			continue
		}
		if card, err := h.Node().Visits().Card(id); err == nil {
			return card.Name.Reveal(), true
		}
	}
	return "", false
}

// lostKeys: names may be lost, with the only disk that had them or with their
// date.
func (c *Campus) lostKeys() bool {
	return c.years || c.away || slices.ContainsFunc(c.Houses, func(h *House) bool { return h.back > 0 || h.revoked })
}
