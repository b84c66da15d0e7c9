package evac

import (
	"cmp"
	"encoding/hex"
	"hash/fnv"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
)

// board is a list laid out for reading.
type board struct {
	Site   record.SiteID
	AsOf   time.Time
	Truth  truth
	Doors  []doorLine
	Groups []group
	Counts Counts
	// Withheld: no name is shown on this screen.
	Withheld bool
	// Sites are the choices of a site; none where there is only one.
	Sites []siteLink
	// Home is the live list, Finder the still one, and Live where the news of
	// this page comes from; Live is empty on a still page.
	Home, Finder, Live string
	// Still marks a page of one moment, perhaps narrowed to Query.
	Still bool
	Query string
	Found int
}

// siteLink leads to the list of one site, or of all when Site is empty.
type siteLink struct {
	Site record.SiteID
	Path string
	Here bool
}

// group is some of the people under one heading. Everybody is in just one.
type group struct {
	ID   string
	Kind string // help, unsure or zone
	Zone string
	// Above is how many more of the zone are in groups further up.
	Above  int
	People []personLine
}

// personLine is a person with the words that depend on the language.
type personLine struct {
	Person
	ID, Word, Chip, Why, Came string
	ShowZone                  bool
}

// doorLine is an entrance with the words that depend on the language.
type doorLine struct {
	Door
	Word, Says string
}

// lay lays out a list in the reader's language. hidden tells that the names
// are withheld from this reader.
func (s *Service) lay(r *webkit.Request, l List, hidden bool) board {
	b := board{
		Site: l.Site, AsOf: l.AsOf, Counts: l.Counts, Found: l.Counts.Total,
		Withheld: hidden || l.Counts.Total > 0 && !slices.ContainsFunc(l.People, func(p Person) bool { return p.Opened }),
		Truth:    s.tell(r, l), Home: path("/warden", l.Site), Finder: path("/warden/find", l.Site),
	}
	for _, d := range l.Entrances {
		b.Doors = append(b.Doors, doorLine{Door: d, Word: r.Text(newsWord(d.News), nil), Says: s.says(r, d, l.AsOf)})
	}
	// Worst first: what is missing matters more than what is well.
	slices.SortStableFunc(b.Doors, func(x, y doorLine) int {
		return cmp.Or(first(!x.News.UpToDate(), !y.News.UpToDate()), cmp.Compare(y.Doubt, x.Doubt), first(y.News == Here, x.News == Here))
	})
	b.Groups = s.groups(r, l)
	return b
}

// groups puts first who needs help, then who is in doubt, then the zones.
func (s *Service) groups(r *webkit.Request, l List) []group {
	help, unsure := group{ID: "g-help", Kind: "help"}, group{ID: "g-unsure", Kind: "unsure"}
	var zones []group
	at := map[string]int{}
	// Those in doubt come first in the list; the others have the zones in order.
	for _, inDoubt := range []bool{false, true} {
		for _, p := range l.People {
			if _, ok := at[p.Zone]; !ok && p.inDoubt() == inDoubt {
				at[p.Zone] = len(zones)
				zones = append(zones, group{ID: zoneID(p.Zone), Kind: "zone", Zone: p.Zone})
			}
		}
	}
	for _, p := range l.People {
		line := personLine{
			Person: p, ID: "p-" + p.Visit.String(), Word: r.Text(stateWord(p), nil), Chip: chipOf(p), Why: whyNot(r, p),
			Came: s.hour(r.Locale, p.Since, l.AsOf),
		}
		to := &zones[at[p.Zone]]
		switch {
		case p.Assist != "":
			to.Above++
			line.ShowZone, to = true, &help
		case p.inDoubt():
			to.Above++
			line.ShowZone, to = true, &unsure
		}
		to.People = append(to.People, line)
	}
	all := append([]group{help, unsure}, zones...)
	return slices.DeleteFunc(all, func(g group) bool { return len(g.People) == 0 })
}

// zoneID names a zone's section of the page, whatever is in its name.
func zoneID(zone string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(zone))
	return "z-" + hex.EncodeToString(h.Sum(nil))
}

// whyNot says in words why a person is in doubt beyond their entrance's news.
func whyNot(r *webkit.Request, p Person) string {
	switch {
	case p.Doubtful:
		return r.Text("warden.why_shared", nil)
	case p.State == Unconfirmed:
		return r.Text("warden.why_unconfirmed", nil)
	}
	return ""
}

// chipOf is the look of a person's state: doubt looks like doubt.
func chipOf(p Person) string {
	if p.State == Inside && p.NotSure {
		return string(Unconfirmed)
	}
	return string(p.State)
}

func stateWord(p Person) string {
	switch {
	case p.State == ProbablyLeft:
		return "state.probably_left"
	case p.State == Unconfirmed:
		return "state.unconfirmed"
	case p.NotSure:
		return "state.not_sure"
	}
	return "state.inside"
}

func newsWord(n News) string {
	switch n {
	case Here:
		return "news.here"
	case Fresh:
		return "news.fresh"
	case Stale:
		return "news.stale"
	case Silent:
		return "news.silent"
	}
	return "news.never"
}
