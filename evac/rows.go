package evac

import (
	"cmp"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
)

// row is a line of the list, with the words that depend on the reader. Two
// that are equal look the same.
type row struct {
	// Code is how the buttons call the person: the visit or, where none is
	// known, the badge.
	Code string
	// Group is the id of the group that the line is in.
	Group string
	// Word is the key of the state's word within "state", and Chip its look:
	// doubt looks like doubt.
	Word, Chip string
	Hidden     bool
	Name       record.Private
	Company    record.Private
	Host       record.Private
	Assist     record.Private
	Badge      string
	Zone       string
	// Type is the type of visitor in a word; empty for the plain one.
	Type string
	// Why says what is in doubt; Came and Marked when, by whom and where.
	Why, Came, Marked string
}

// group is a heading of the list.
type group struct {
	ID   string
	Kind string // help, missing, unsure, zone, safe or left
	Zone string
	// Above is how many more of the zone are in groups further up. Total and
	// Rows are those of the tab shown; Rows may be a part.
	Above, Total int
	Rows         []row
}

// head is a group without its people.
type head struct{ ID, Kind, Zone string }

// The tabs: every line is in "all" and in one of the others.
const (
	tabFind = "find"
	tabAll  = "all"
)

// tab is the one besides "all" that a line is in. Who waits in a refuge is not
// out of danger, and stays among those to find.
func (w row) tab() string {
	switch w.Chip {
	case string(Safe), string(Left):
		return w.Chip
	}
	return tabFind
}

func (w row) in(tab string) bool {
	return tab == tabAll || tab == w.tab() || tab == string(Refuge) && w.Chip == tab
}

// codeOf is how the buttons call a person.
func codeOf(p Person) string {
	if p.Visit.IsZero() {
		return p.Badge.String()
	}
	return p.Visit.String()
}

// rows are all lines, in the order in which they are read, and the groups that
// they are in, or were: a page may hold a line where it stood.
func (s *Service) rows(r *webkit.Request, l List) ([]row, []head) {
	w := s.wording(r, l)
	zones := map[string]int{}
	heads := []head{{ID: "g-help", Kind: "help"}, {ID: "g-missing", Kind: "missing"}, {ID: "g-unsure", Kind: "unsure"}}
	fixed := len(heads)
	// Those in doubt come first in the list; the others have the zones in order.
	for _, inDoubt := range []bool{false, true} {
		for _, p := range l.People {
			if _, ok := zones[p.Zone]; !ok && p.inDoubt() == inDoubt {
				zones[p.Zone] = len(zones)
				heads = append(heads, head{zoneID(p.Zone), "zone", p.Zone})
			}
		}
	}
	heads = append(heads, head{ID: "g-safe", Kind: "safe"}, head{ID: "g-left", Kind: "left"})
	type placed struct {
		rank, zone int
		row        row
	}
	all := make([]placed, len(l.People))
	for i, p := range l.People {
		zone := zones[p.Zone]
		rank := fixed + zone
		switch kindOf(p) {
		case KindSafe:
			rank = len(heads) - 2
		case KindLeft:
			rank = len(heads) - 1
		case KindHelp:
			rank = 0
		case KindMissing:
			rank = 1
		case KindUnsure:
			rank = 2
		}
		all[i] = placed{rank, zone, w.row(p, heads[rank].ID)}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.zone, b.zone)) })
	rows := make([]row, len(all))
	for i, a := range all {
		rows[i] = a.row
	}
	return rows, heads
}

// grouped puts the rows of a tab from one on, at most n, under their headings.
func grouped(rows []row, heads []head, tab string, from, n int) []group {
	var out []group
	at := map[string]int{}
	above := map[string]int{}
	seen := 0
	for _, h := range heads {
		at[h.ID] = len(out)
		out = append(out, group{ID: h.ID, Kind: h.Kind, Zone: h.Zone})
	}
	for _, w := range rows {
		if !w.in(tab) {
			continue
		}
		g := &out[at[w.Group]]
		g.Total++
		if g.Kind == "help" || g.Kind == "missing" || g.Kind == "unsure" {
			above[w.Zone]++
		}
		if seen >= from && seen < from+n {
			g.Rows = append(g.Rows, w)
		}
		seen++
	}
	for i := range out {
		if out[i].Kind == "zone" {
			out[i].Above = above[out[i].Zone]
		}
	}
	return slices.DeleteFunc(out, func(g group) bool { return len(g.Rows) == 0 })
}

// wording makes lines; a sentence is looked up once for all of them.
type wording struct {
	s      *Service
	r      *webkit.Request
	l      List
	marked map[string]string
	whys   map[string]string
}

func (s *Service) wording(r *webkit.Request, l List) wording {
	w := wording{s: s, r: r, l: l, marked: map[string]string{}, whys: map[string]string{}}
	for _, key := range []string{"warden.marked", "warden.marked_at", "warden.marked_unknown"} {
		w.marked[key] = r.Text(key, map[string]any{"Node": "\x01", "Time": "\x02", "Point": "\x03"})
	}
	for _, key := range []string{"warden.why_disputed", "warden.why_shared", "warden.why_added", "warden.why_unconfirmed"} {
		w.whys[key] = r.Text(key, nil)
	}
	return w
}

func (w wording) row(p Person, group string) row {
	return row{
		Code: codeOf(p), Group: group, Word: stateWord(p), Chip: chipOf(p), Hidden: p.Name == "",
		Name: p.Name, Company: p.Company, Host: p.Host, Assist: p.Assist, Badge: p.Badge.String(), Zone: p.Zone, Type: w.typeWord(p.Type),
		Why: w.whys[whyNot(p)], Came: w.s.reader(w.r).Hour(p.Since, w.l.AsOf), Marked: w.markedBy(p),
	}
}

// typeWord is what a type of visitor is called.
func (w wording) typeWord(id string) string {
	if w.s.cfg.TypeWord == nil || id == "" || id == "visitor" {
		return ""
	}
	return w.s.cfg.TypeWord(id, string(w.r.Locale))
}

// markedBy says in words whose mark stands and where it was made.
func (w wording) markedBy(p Person) string {
	at := p.MarkedAt
	if at.IsZero() {
		return ""
	}
	key := markedKey(p)
	return strings.NewReplacer("\x01", p.MarkedBy, "\x02", w.s.reader(w.r).Hour(at, w.l.AsOf), "\x03", string(p.Point)).Replace(w.marked[key])
}

func markedKey(p Person) string {
	switch {
	case p.Point == "":
		return "warden.marked"
	case !p.PointKnown:
		return "warden.marked_unknown"
	}
	return "warden.marked_at"
}
