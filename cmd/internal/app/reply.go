package app

import (
	"context"
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac/reply"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/alarm"
)

// sayer marks people who have answered a message.
type sayer struct{ alarm *alarm.Service }

// Mark implements reply.Marker. A call for help stands instead of what stood
// before, as a warden's word does. That somebody is safe, said on a telephone
// that may be in other hands, stands beside what wardens have seen: where they
// differ the more dangerous stands, and is disputed. The link names the
// evacuation, so it counts also on a node that has not heard of it.
func (s sayer) Mark(ctx context.Context, l record.Link, state, how string, once [16]byte) error {
	_, err := s.alarm.Mark(ctx, alarm.MarkRequest{
		Code: record.Code{Badge: l.Visit.Badge(), Visit: l.Visit}, Mark: record.Mark(state), How: how, Once: once, Starts: []record.EvacID{l.Start},
		Blind: record.Mark(state) == record.Safe,
	})
	return inWords(err)
}

// answers is the page behind the links in messages.
func (a *App) answers(at place) (http.Handler, error) {
	offered, extra := a.languages()
	return reply.New(reply.Config{
		Languages: offered, Extra: extra,
		Link: a.node.Link, Evacuations: a.node.Replica().Evacuations, Marker: sayer{a.node.Alarm()}, Points: a.node.Gathering,
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
