package evac

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Feed is a system that tells a node of staff.
type Feed struct {
	Name record.FeedName
	// Node is the node that is told, Place where those come and go of whom it
	// tells.
	Node  record.NodeID
	Place record.Place
	// Heard is until when it has told what it knows, as far as is known here;
	// zero: never.
	Heard time.Time
	// Quiet is for how long it may be silent.
	Quiet time.Duration
	// Silent: it has not been heard for longer. Of staff who came since, nothing
	// is known.
	Silent bool
}

// feeds are those of the list's site, judged now.
func (in Input) feeds() (out []Feed) {
	for _, f := range in.Feeds {
		if !in.holds(f.Place.Site) {
			continue
		}
		if f.Heard.After(in.Now) {
			f.Heard = in.Now // a clock that is ahead
		}
		f.Silent = in.Now.Sub(f.Heard) > f.Quiet
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Feed) int {
		return cmp.Or(first(a.Silent, b.Silent), cmp.Compare(a.Name, b.Name), bytes.Compare(a.Node[:], b.Node[:]))
	})
	return out
}

// silentFeeds are those that may keep staff from the list.
func (l List) silentFeeds() (out []Feed) {
	for _, f := range l.Feeds {
		if f.Silent {
			out = append(out, f)
		}
	}
	return out
}

// Scope says in words who is counted.
func (r Reader) Scope(l List) string {
	switch {
	case len(l.Feeds) > 0:
		return r.Text("warden.scope_fed", map[string]any{"Feeds": r.fed(l.Feeds, l.AsOf)})
	case l.Scope == ScopeStaff:
		return r.Text("warden.scope_staff", nil)
	}
	return r.Text("warden.scope", nil)
}

// scopeBelow says who is counted right below the line of truth, which has said
// already of every silent feed since when it is silent.
func (r Reader) scopeBelow(l List) string {
	if len(l.Feeds) == 0 {
		return r.Scope(l)
	}
	var names []string
	for _, f := range l.Feeds {
		if f.Silent {
			names = append(names, string(f.Name))
		} else {
			names = append(names, r.fed([]Feed{f}, l.AsOf))
		}
	}
	return r.Text("warden.scope_fed", map[string]any{"Feeds": strings.Join(names, ", ")})
}

// ReportScope says in words who was counted in an evacuation.
func (r Reader) ReportScope(of Report) string {
	if len(of.Feeds) == 0 {
		return r.Scope(List{Scope: of.Scope})
	}
	var names []string
	for _, f := range of.Feeds {
		names = append(names, string(f.Name))
	}
	return r.Text("warden.scope_fed", map[string]any{"Feeds": strings.Join(names, ", ")})
}

// fed names feeds with when they were last heard.
func (r Reader) fed(all []Feed, now time.Time) string {
	var names []string
	for _, f := range all {
		key := "warden.fed"
		switch {
		case f.Heard.IsZero():
			key = "warden.fed_never"
		case f.Silent:
			key = "warden.fed_silent"
		}
		names = append(names, r.Text(key, map[string]any{"Feed": string(f.Name), "Time": r.Moment(f.Heard, now)}))
	}
	return strings.Join(names, ", ")
}

// feedDoubt says that staff may be missing; empty when all feeds are heard.
func (r Reader) feedDoubt(l List) string {
	if all := l.silentFeeds(); len(all) > 0 {
		return r.Text("warden.fed_doubt", map[string]any{"Feeds": r.fed(all, l.AsOf)})
	}
	return ""
}
