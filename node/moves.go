package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/points"
)

// ActMove is what the audit calls the word of a desk that a visitor is in another
// place.
const ActMove = "visit.move"

// mostZones bounds Zones.
const mostZones = 200

// Errors of Move.
var (
	ErrNoPlace     = errors.New("nobody was moved: there is no such place on the campus: look at `upprop nodes`")
	ErrMoveInAlarm = errors.New("nobody was moved: while an evacuation runs, say on the warden's list where somebody is")
)

// Zones are the zones of the campus's sites, and sites without any, that are known
// here: by its nodes, by who has zones to see to, and by those inside.
func (n *Node) Zones() (out []points.Zone) {
	for _, m := range n.roster.Members() {
		if m.Revoked == nil {
			out = append(out, points.Zone{Site: record.SiteID(m.Site), Zone: record.ZoneID(m.Zone)})
		}
	}
	for _, w := range n.points.Wardens() {
		out = append(out, w.Zones...)
	}
	for _, p := range n.replica.OpenNow() {
		out = append(out, zoneOf(p.Seen.Place))
	}
	slices.SortFunc(out, func(a, b points.Zone) int {
		return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.Zone, b.Zone))
	})
	out = slices.Compact(slices.DeleteFunc(out, func(z points.Zone) bool { return z == points.Zone{} }))
	return out[:min(len(out), mostZones)]
}

func zoneOf(p record.Place) points.Zone { return points.Zone{Site: p.Site, Zone: p.Zone} }

// Move records, on the word of by, that a visitor was seen inside at another place:
// the list counts them there, and they are inside again if the clock had signed them
// out. Who is there already is not moved. While an evacuation runs nobody leaves one
// site's list for another's by it. Durable when it returns. Errors: *visits.Problem,
// ErrNotInside, ErrNoPlace, ErrMoveInAlarm.
func (n *Node) Move(ctx context.Context, v record.VisitID, to points.Zone, by string) error {
	p, err := n.replica.Presence(v)
	if err != nil && !errors.Is(err, crdt.ErrUnknownVisit) {
		return fmt.Errorf("move somebody: %w", err)
	}
	_, on := n.replica.Evacuations().Running("")
	switch {
	case n.Barred() != nil:
		return n.Barred()
	case err != nil || !p.Open():
		return ErrNotInside
	case on:
		return ErrMoveInAlarm
	case !slices.Contains(n.Zones(), to):
		return ErrNoPlace
	case zoneOf(p.Seen.Place) == to && p.State == record.Present:
		return n.replica.Sync() // it may be another's word, still on its way to the disk
	}
	if err := n.ActBy(by, ActMove, []record.VisitID{v}, ""); err != nil {
		return fmt.Errorf("move somebody: %w", err)
	}
	return n.visits.SeenAt(ctx, v, record.Place{Site: to.Site, Zone: to.Zone}, "desk", time.Time{})
}
