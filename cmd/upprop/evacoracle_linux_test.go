package main

import (
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// guest is somebody whom the script knows of.
type guest struct {
	name  string
	visit record.VisitID
	badge record.BadgeCode
	qr    string
	added bool
	// raced: what arrived may or may not have crossed before the cut.
	raced bool
}

// word is one thing that a node has acknowledged. Where it stands in the order
// of all words is its time: the machines share one clock.
type word struct {
	of   *guest
	what string // "in", "added", "out", "undo", "join", or a mark
	// at is the node that took it, zone where that stands.
	at, zone string
	point    string
	// over are the words on the same guest that stood where this one was said.
	over []*word
	// undone is the word that an "undo" takes back; bearer who a "join" says it was.
	undone *word
	bearer *guest
	n      int
}

// view is what nodes that hear each other know: a set of words. Sets of words
// are joined; nothing else happens when two parts meet.
type view map[*word]bool

// line is what a list must say of a guest.
type line struct {
	State, Zone, Point, By string
	Unknown                bool // the point is one that nobody has set up
	Disputed, Added, Left  bool
}

// known are the muster points and refuges of the script.
var known = map[string]bool{"Car park": true, "North lawn": true, "Stair B": true}

// danger orders what is seen of a person: a worse one stands until somebody
// who knew of it says otherwise. Who misses a person has seen nothing.
var danger = map[string]int{"refuge": 4, "inside": 3, "safe": 2, "missing": 1}

// about are the words on each guest, in order; those on somebody who turned out
// to be a guest are on that guest.
func (v view) about() map[*guest][]*word {
	bearer := map[*guest]*guest{}
	for w := range v {
		if w.what == "join" {
			bearer[w.of] = w.bearer
		}
	}
	out := map[*guest][]*word{}
	for w := range v {
		g := w.of
		if b := bearer[g]; b != nil {
			g = b
		}
		out[g] = append(out[g], w)
	}
	for _, words := range out {
		slices.SortFunc(words, func(a, b *word) int { return a.n - b.n })
	}
	return out
}

// on are the words on one guest, joined to nobody, in order.
func (v view) on(g *guest) (out []*word) {
	for w := range v {
		if w.of == g {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b *word) int { return a.n - b.n })
	return out
}

// judged are, of the words on one guest, the marks and departures that nobody
// has judged anew, in order.
func judged(words []*word) (standing []*word) {
	undone, over := map[*word]bool{}, map[*word]bool{}
	for _, w := range words {
		if w.what == "undo" {
			undone[w.undone] = true
		}
	}
	for _, w := range words {
		if !undone[w] {
			for _, o := range w.over {
				over[o] = true
			}
		}
	}
	for _, w := range words {
		if (danger[w.what] > 0 || w.what == "out") && !over[w] && !undone[w] {
			standing = append(standing, w)
		}
	}
	return standing
}

// lineOf is what the words on a guest say.
func lineOf(g *guest, words []*word) line {
	var seen, spoken *word
	for _, w := range words {
		switch {
		case w.what == "in" || w.what == "added":
			seen = w
		case danger[w.what] > 0:
			spoken = w
		}
	}
	if seen == nil {
		seen = spoken // nothing else is known of where the person was
	}
	l := line{State: "inside", Zone: seen.zone, Added: g.added}
	if g.added {
		l.State = "unconfirmed"
	}
	var mark, out *word
	for _, w := range judged(words) {
		switch {
		case w.what == "out":
			out = w
		case mark == nil:
			mark = w
		default:
			l.Disputed = l.Disputed || mark.what != w.what && mark.what != "missing" && w.what != "missing"
			if danger[w.what] >= danger[mark.what] {
				mark = w
			}
		}
	}
	switch {
	case out != nil && (mark == nil || mark.what == "missing" || mark.what == "safe" && out.n > mark.n):
		l.State, l.Left, l.Disputed = "left", true, false
	case mark != nil:
		l.State, l.By, l.Point = mark.what, mark.at, mark.point
		l.Unknown = mark.point != "" && !known[mark.point]
		l.Disputed = l.Disputed || out != nil && mark.what != "safe"
	}
	return l
}

// lines are all that a list must say.
func (v view) lines() map[record.VisitID]line {
	out := map[record.VisitID]line{}
	for g, words := range v.about() {
		out[g.visit] = lineOf(g, words)
	}
	return out
}
