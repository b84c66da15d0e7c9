package app

import (
	"context"
	"net/http"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac/reply"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/points"
)

// sayer marks people who have answered a message.
type sayer struct {
	*App
	alarm *alarm.Service
}

// Mark implements reply.Marker. A call for help stands instead of what stood
// before, as a warden's word does. That somebody is safe, said on a telephone
// that may be in other hands, stands beside what wardens have seen: where they
// differ the more dangerous stands, and is disputed. The link names the
// evacuation, so it counts also on a node that has not heard of it.
func (s sayer) Mark(ctx context.Context, l record.Link, state, point, how string, once [16]byte) error {
	_, err := s.alarm.Mark(ctx, alarm.MarkRequest{
		Code: record.Code{Badge: l.Visit.Badge(), Visit: l.Visit}, Mark: record.Mark(state), Point: record.PointName(point), How: how, Once: once, Starts: []record.EvacID{l.Start},
		Blind: record.Mark(state) == record.Safe,
	})
	return inWords(err)
}

// Read implements reply.Marker.
func (s sayer) Read(ctx context.Context, l record.Link, seen string) error {
	v, at, waits := s.waitsAt(l)
	if !waits {
		return nil
	}
	return s.hear(ctx, alarm.HearRequest{Point: v.By.Point, Site: at, How: reply.How, Starts: []record.EvacID{l.Start}}, seen)
}

// waitsAt is the mark by which the bearer of a link waits for help, and the site
// where they were last seen; false where they do not wait.
func (a *App) waitsAt(l record.Link) (v record.Verdict, site record.SiteID, waits bool) {
	p, err := a.node.Replica().Presence(l.Visit)
	if err != nil {
		return v, "", false
	}
	e, on := a.node.Alarm().Running(p.Seen.Place.Site)
	if !on || !slices.Contains(e.IDs(), l.Start) {
		e = record.Evacuation{Starts: []record.Start{{ID: l.Start}}}
	}
	v = p.Verdict(e)
	return v, p.Seen.Place.Site, !v.Left && v.Mark == record.Refuge
}

// waiting is how the bearer of a link stands who waits for help. What was said of
// all before they were marked as waiting is not said of them.
func (a *App) waiting(l record.Link) (out reply.Waiting, waits bool) {
	v, site, waits := a.waitsAt(l)
	if !waits {
		return out, false
	}
	out.Point = string(v.By.Point)
	for _, p := range a.node.Points().List() {
		if p.Kind == points.Refuge && (site == "" || p.Site == "" || p.Site == site) {
			out.Refuges = append(out.Refuges, string(p.Name))
		}
	}
	t, _ := a.node.Alarm().Talk(v.By.Point, site)
	if t.Stands.Help == "" || t.Stands.Help == record.HelpFetched && t.Stands.At < v.By.At {
		return out, true
	}
	told := reply.Told(a.told(t.Stands))
	out.Told, out.Seen, out.Read = &told, t.Stands.ID.Key(), t.Read
	for _, c := range t.Beside {
		out.Beside = append(out.Beside, reply.Told(a.told(c)))
	}
	return out, true
}

// answers is the page behind the links in messages.
func (a *App) answers(at place) (http.Handler, error) {
	offered, extra := a.languages()
	return reply.New(reply.Config{
		Languages: offered, Extra: extra,
		Link: a.node.Link, Evacuations: a.node.Replica().Evacuations, Marker: sayer{a, a.node.Alarm()}, Points: a.node.Gathering,
		Waiting:  a.waiting,
		NodeName: at.name, Site: at.site, CampusName: at.campus, Clock: a.now, Logger: a.log,
	})
}

// languages are those that the screens for visitors offer, in order, and those
// that operators have added.
func (a *App) languages() (offered []lang.Locale, extra []lang.Extra) {
	for _, l := range a.node.Languages().Offered() {
		offered = append(offered, lang.Locale(l))
	}
	for _, l := range a.node.Languages().List() {
		if l.File != nil {
			extra = append(extra, lang.Extra{Locale: lang.Locale(l.Lang), TOML: l.File})
		}
	}
	return offered, extra
}
