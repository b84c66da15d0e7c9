package access

import (
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// Sight is what a node may show at one moment.
type Sight struct {
	// Cards may be opened: of everybody or, where Sites is not empty, of those
	// at these sites and at no known one.
	Cards bool
	Sites []record.SiteID
	// Dossiers may be opened.
	Dossiers bool
	// Waits: cards may be opened while an evacuation runs.
	Waits bool
	// Evacuation is the one because of which cards may be opened; zero where
	// none is needed.
	Evacuation record.EvacID
}

// Card reports whether the card of somebody at a site may be opened.
func (s Sight) Card(site record.SiteID) bool {
	return s.Cards && (len(s.Sites) == 0 || site == "" || slices.Contains(s.Sites, site))
}

// Sees is the one rule of who sees names, and when: a desk cards and dossiers,
// always; a warden cards, while an evacuation or a drill covers their bearer;
// everyone else nobody's. (Whoever shows the QR of a badge is greeted by name
// on any node: the QR opens that, not the node.)
func Sees(role identity.Role, all record.Evacuations) Sight {
	switch role {
	case identity.RoleDesk:
		return Sight{Cards: true, Dossiers: true}
	case identity.RoleWarden:
		e, on := all.Running("")
		if !on {
			return Sight{Waits: true}
		}
		return Sight{Cards: true, Sites: e.Sites, Waits: true, Evacuation: e.ID}
	}
	return Sight{}
}
