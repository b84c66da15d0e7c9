package evac

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/upprop/upprop/crdt/record"
)

// Input is all that a muster list depends on.
type Input struct {
	// Presences are those known, each visit once; those that are left count
	// for nothing.
	Presences []record.Presence
	// Cards are the cards that could be opened.
	Cards map[record.VisitID]record.Card
	// Entrances is the news of every node that writes presences, each once.
	Entrances []Entrance
	Now       time.Time
	// Site limits the list to one site; empty means the whole campus.
	Site record.SiteID
}

// Fold makes the muster list. It depends on the sets in Input, not on their
// order. Everyone who is open is on the list of their site; who was last seen
// at no known site is on the list of every site.
func Fold(in Input) List {
	l := List{AsOf: in.Now.UTC().Truncate(time.Millisecond), Site: in.Site, People: make([]Person, 0, len(in.Presences))}
	in.Now = l.AsOf
	known := doors(in)
	named := map[record.NodeID]record.Fact{}
	for _, p := range in.Presences {
		if !p.Open() || !in.holds(p.Seen.Place.Site) {
			continue
		}
		by := p.Seen.By()
		latest, odd := named[by]
		if _, listed := known[by]; !listed || odd && later(p.Seen, latest) {
			named[by] = p.Seen
			known[by] = strange(p.Seen)
		}
		l.People = append(l.People, person(p, in.Cards))
	}
	for i := range l.People {
		p := &l.People[i]
		d := known[p.Door]
		if !d.News.UpToDate() {
			d.Doubt++
		}
		p.NotSure = !d.News.UpToDate() || p.inDoubt()
		l.Counts.add(*p)
	}
	l.Entrances = make([]Door, 0, len(known))
	for _, d := range known {
		if in.holds(d.Site) || d.News == Here || d.Doubt > 0 {
			l.Entrances = append(l.Entrances, *d)
		}
	}
	order(l.People, l.Entrances)
	return l
}

// holds reports whether a place of this site belongs on the list.
func (in Input) holds(site record.SiteID) bool {
	return in.Site == "" || site == "" || site == in.Site
}

// knowsSite reports whether anybody or any entrance is known at in.Site.
func (in Input) knowsSite() bool {
	return in.Site == "" ||
		slices.ContainsFunc(in.Entrances, func(e Entrance) bool { return e.Site == in.Site }) ||
		slices.ContainsFunc(in.Presences, func(p record.Presence) bool { return p.Seen.Place.Site == in.Site })
}

func later(f, g record.Fact) bool {
	return cmp.Or(cmp.Compare(f.At, g.At), f.ID.Compare(g.ID), cmp.Compare(f.Place.Entrance, g.Place.Entrance), cmp.Compare(f.Place.Site, g.Place.Site)) > 0
}

func person(p record.Presence, cards map[record.VisitID]record.Card) Person {
	q := Person{
		Visit: p.Visit, Badge: p.Badge(), State: Inside, Door: p.Seen.By(), Doubtful: p.Doubtful,
		Zone: cmp.Or(string(p.Seen.Place.Zone), string(p.Seen.Place.Entrance), string(p.Seen.Place.Site)),
	}
	switch p.State {
	case record.Present:
	case record.Timed:
		q.State = ProbablyLeft
	default:
		q.State = Unconfirmed
	}
	if since := cmp.Or(p.Since, p.Seen.At); since != 0 {
		q.Since = since.Time()
	}
	if c, ok := cards[p.Visit]; ok {
		q.Opened, q.Name, q.Company, q.Host, q.Assist = true, c.Name, c.Company, c.Host, c.Assist
	}
	return q
}

func (c *Counts) add(p Person) {
	c.Total++
	switch p.State {
	case Inside:
		c.Inside++
	case ProbablyLeft:
		c.ProbablyLeft++
	case Unconfirmed:
		c.Unconfirmed++
	}
	if p.NotSure {
		c.NotSure++
	}
}

// order sorts people by doubt, zone, name and badge, and doors by name, the
// Swedish way: å, ä and ö last. Floor 2 comes before floor 10.
func order(people []Person, doors []Door) {
	swedish, numbered := collate.New(language.Swedish), collate.New(language.Swedish, collate.Numeric)
	var buf collate.Buffer
	type line struct {
		*Person
		rank       int // doubt first
		zone, name []byte
	}
	zones := map[string][]byte{}
	lines := make([]line, len(people))
	unsorted := slices.Clone(people)
	for i := range unsorted {
		p := &unsorted[i]
		zone, ok := zones[p.Zone]
		if !ok {
			zone = numbered.KeyFromString(&buf, p.Zone)
			zones[p.Zone] = zone
		}
		lines[i] = line{Person: p, rank: 1, zone: zone}
		if p.inDoubt() {
			lines[i].rank = 0
		}
		if p.Name != "" {
			lines[i].name = swedish.KeyFromString(&buf, p.Name.Reveal())
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		// Most pairs differ early; the rest is not worth comparing for them.
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		if c := bytes.Compare(a.zone, b.zone); c != 0 {
			return c
		}
		if c := cmp.Or(cmp.Compare(a.Zone, b.Zone), first(a.Opened, b.Opened)); c != 0 {
			return c
		}
		if c := bytes.Compare(a.name, b.name); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.Badge, b.Badge), bytes.Compare(a.Visit[:], b.Visit[:]))
	})
	for i, l := range lines {
		people[i] = *l.Person
	}
	slices.SortFunc(doors, func(a, b Door) int {
		return cmp.Or(swedish.CompareString(a.Name, b.Name), cmp.Compare(a.Name, b.Name), bytes.Compare(a.Node[:], b.Node[:]))
	})
}

// first orders true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
