package app

import (
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/evac/phone"
	"github.com/upprop/upprop/mesh/identity"
)

// tellWeb has other nodes know where phones reach this one.
func (a *App) tellWeb() error {
	a.node.ServeWeb(strings.TrimSuffix(a.url, "/"))
	return nil
}

// otherNodes are those that a phone is sent to by itself: the ones that may read
// the list anyway. Whoever takes an entrance's kiosk from the wall must not be
// shown the keys of phones by them.
func (a *App) otherNodes() (out []phone.Node) {
	for _, w := range a.node.Webs() {
		if w.Member.Role == identity.RoleDesk || w.Member.Role == identity.RoleWarden {
			out = append(out, phone.Node{Name: w.Member.Name, URL: w.URL})
		}
	}
	return out
}

// phoneList is the list for phones: with names for who was paired by a node that
// may read them now. A pairing is signed by a node's key alone, and whoever takes
// an entrance from the wall has that.
func (a *App) phoneList(m *evac.Service) func(by record.NodeID) (evac.List, error) {
	return func(by record.NodeID) (evac.List, error) {
		x, ok := a.node.Roster().Member(identity.NodeID(by))
		_, on := a.node.Alarm().Running("")
		if ok && (x.Role == identity.RoleDesk || x.Role == identity.RoleWarden && on) {
			return m.Muster("")
		}
		return m.Nameless("")
	}
}

// phonePoints are the points that a phone's warden chooses from.
func (a *App) phonePoints() (out []phone.Point) {
	for _, p := range a.gatherings() {
		out = append(out, phone.Point{Name: p.Name, Site: p.Site, Refuge: p.Refuge})
	}
	return out
}
