package app

import (
	"cmp"
	"math"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/node/points"
)

// evacuation is what runs at a site, as its kiosks say it.
func (a *App) evacuation(site record.SiteID) (kiosk.Evacuation, bool) {
	e, on := a.node.Alarm().Running(site)
	if !on {
		return kiosk.Evacuation{}, false
	}
	return kiosk.Evacuation{Drill: e.Drill, Since: e.At.Time(), Points: a.pointsFor(site)}, true
}

// gatherings are the muster points and refuges, as the muster names them.
func (a *App) gatherings() (out []evac.Point) {
	for _, p := range a.node.Points().List() {
		out = append(out, evac.Point{Name: p.Name, Site: p.Site, Refuge: p.Kind == points.Refuge, Position: p.Position, Capacity: p.Capacity})
	}
	return out
}

// pointsFor are the muster points and refuges of a site and those of no site,
// the nearest first as far as it is known where they and this screen are.
func (a *App) pointsFor(site record.SiteID) (out []kiosk.Point) {
	book := a.node.Points()
	screen, known := book.ScreenOf(record.NodeID(a.node.Self().ID))
	for _, p := range book.List() {
		if site != "" && p.Site != "" && p.Site != site {
			continue
		}
		x := kiosk.Point{Name: string(p.Name), Position: p.Position, Refuge: p.Kind == points.Refuge, Text: p.Text}
		if known && p.At != nil {
			x.Way = wayTo(screen, *p.At)
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b kiosk.Point) int { return cmp.Compare(far(a), far(b)) })
	return out
}

// wayTo is the way from where a screen stands, as who reads it sees it.
func wayTo(screen points.Screen, at points.LatLon) *kiosk.Way {
	metres, degrees := screen.At.Way(at)
	w := &kiosk.Way{Metres: int(math.Round(metres)), Degrees: int(math.Round(degrees)) % 360, NorthUp: screen.Facing == nil}
	if screen.Facing != nil {
		w.Degrees = (w.Degrees - *screen.Facing + 360) % 360
	}
	return w
}

func far(p kiosk.Point) int {
	if p.Way == nil {
		return math.MaxInt
	}
	return p.Way.Metres
}
