package app

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/points"
)

// evacuation is what runs at a site, as its kiosks say it.
func (a *App) evacuation(site record.SiteID) (kiosk.Evacuation, bool) {
	e, on := a.node.Alarm().Running(site)
	if !on {
		return kiosk.Evacuation{}, false
	}
	out := kiosk.Evacuation{Drill: e.Drill, Since: e.At.Time(), Points: a.pointsFor(site)}
	if name, ok := a.node.Points().RefugeOf(record.NodeID(a.node.Self().ID)); ok {
		talk, _ := a.node.Alarm().Talk(name, "")
		out.Here = &kiosk.Point{Name: string(name), Refuge: true, Talk: a.talk(talk)}
	}
	return out, true
}

// talk is what was said to and from a refuge, as those who wait there see it.
func (a *App) talk(t record.Talk) (out kiosk.Refuge) {
	if t.Stands.Help != "" {
		told := a.told(t.Stands)
		out.Told, out.Seen = &told, t.Stands.ID.Key()
	}
	beside := map[record.EventID]bool{t.Stands.ID: true}
	for _, c := range t.Beside {
		beside[c.ID] = true
		out.Beside = append(out.Beside, a.told(c))
	}
	for _, c := range slices.Backward(t.Calls) {
		if c.Help != "" && !beside[c.ID] {
			out.Before = append(out.Before, a.told(c))
		}
	}
	if !t.Heard.IsZero() {
		out.Heard, out.Count = t.Heard.At.Time(), t.Heard.Count
	}
	out.Answered, out.Still = t.Known, t.Still
	return out
}

// told is what somebody said, by the role of the node where it was.
func (a *App) told(c record.Call) kiosk.Told {
	t := kiosk.Told{Help: string(c.Help), At: c.At.Time()}
	for _, m := range a.node.Roster().Members() {
		if record.NodeID(m.ID) == c.By() {
			t.Role = string(m.Role)
		}
	}
	return t
}

// hear takes down how many wait at a refuge, and what they had read.
func (a *App) hear(ctx context.Context, r alarm.HearRequest, seen string) error {
	r.Seen = &record.EventID{}
	t, _ := a.node.Alarm().Talk(r.Point, r.Site)
	for _, c := range t.Calls {
		if c.ID.Key() == seen {
			r.Seen = &c.ID
		}
	}
	_, err := a.node.Alarm().Hear(ctx, r)
	return inWords(err)
}

// gatherings are the muster points and refuges, as the muster names them.
func (a *App) gatherings() (out []evac.Point) {
	for _, p := range a.node.Points().List() {
		out = append(out, evac.Point{Name: p.Name, Site: p.Site, Refuge: p.Kind == points.Refuge, Position: p.Position, Capacity: p.Capacity, Place: p.Place})
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
		if x.Refuge {
			talk, _ := a.node.Alarm().Talk(p.Name, "")
			x.Talk = a.talk(talk)
		}
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
