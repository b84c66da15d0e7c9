package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// shownList is a muster list as a program gets it.
type shownList struct {
	AsOf       api.Stamp `json:"as_of"`
	Names      string
	Evacuation *struct{ ID, Kind string }
	Entrances  []shownDoor
	People     []shownPerson
	Counts     map[string]int
}

type shownDoor struct {
	Name, State  string
	CompleteAsOf api.Stamp `json:"complete_as_of"`
	LastHeard    api.Stamp `json:"last_heard"`
	Doubt        int
}

type shownPerson struct {
	Visit      record.VisitID
	Badge      record.BadgeCode
	Name       string
	State      string
	Zone       string
	Point      string
	PointKnown *bool     `json:"point_known"`
	MarkedBy   string    `json:"marked_by"`
	MarkedAt   api.Stamp `json:"marked_at"`
	LeftAt     api.Stamp `json:"left_at"`
	How        string
	Disputed   bool
	Added      bool
	NotSure    bool `json:"not_sure"`
	Joined     []record.VisitID
}

func (p shownPerson) line() line {
	return line{
		State: p.State, Zone: p.Zone, Point: p.Point, By: p.MarkedBy, Unknown: p.PointKnown != nil && !*p.PointKnown,
		Disputed: p.Disputed, Added: p.Added, Left: !p.LeftAt.IsZero(),
	}
}

func (l shownList) door(name string) shownDoor {
	i := slices.IndexFunc(l.Entrances, func(d shownDoor) bool { return d.Name == name })
	if i < 0 {
		return shownDoor{}
	}
	return l.Entrances[i]
}

// alike is what must be the same in all lists. Names are not: not every
// node may read them; nor is the order, which goes by them.
func alike(l shownList, sure bool) shownList {
	l.AsOf, l.Names = api.Stamp{}, ""
	for i := range l.People {
		p := &l.People[i]
		p.Name = ""
		p.NotSure = p.NotSure && sure
	}
	slices.SortFunc(l.People, func(a, b shownPerson) int { return bytes.Compare(a.Visit[:], b.Visit[:]) })
	for i := range l.Entrances {
		d := &l.Entrances[i]
		if d.State == "here" {
			d.State = "fresh"
		}
		if d.State == "fresh" {
			d.CompleteAsOf = api.Stamp{}
		}
		d.LastHeard = api.Stamp{} // by the clock of whoever heard
	}
	if !sure {
		l.Entrances = nil
		delete(l.Counts, "not_sure")
	}
	return l
}

// differences are how a list differs from what it must say, person by person.
// Of who raced the cut it may say nothing.
func differences(got shownList, want map[record.VisitID]line, all []*guest) (out []string) {
	names := map[record.VisitID]*guest{}
	for _, g := range all {
		names[g.visit] = g
	}
	seen := map[record.VisitID]bool{}
	for _, p := range got.People {
		g := names[p.Visit]
		switch w, ok := want[p.Visit]; {
		case seen[p.Visit]:
			out = append(out, "twice on the list: "+p.Visit.Short())
		case ok && w != p.line():
			out = append(out, fmt.Sprintf("%s: the list says %+v, it should say %+v", g.name, p.line(), w))
		case ok && p.Badge != g.badge:
			out = append(out, g.name+": another badge")
		case !ok && (g == nil || !g.raced):
			out = append(out, fmt.Sprintf("on the list and should not be: %s %+v", p.Visit.Short(), p.line()))
		}
		seen[p.Visit] = true
	}
	for v := range maps.Keys(want) {
		if !seen[v] {
			out = append(out, fmt.Sprintf("not on the list: %s, %+v", names[v].name, want[v]))
		}
	}
	slices.Sort(out)
	return out
}

// some are the first of many, for people.
func some(all []string) string {
	return fmt.Sprintf("%d differences:\n%s", len(all), strings.Join(all[:min(len(all), 8)], "\n"))
}
