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
	// Presences are those known, each visit once. Those that are left count for
	// nothing but in an evacuation that had begun, and for whoever was joined
	// to them.
	Presences []record.Presence
	// Cards are the cards that could be opened.
	Cards map[record.VisitID]record.Card
	// Entrances is the news of every node that writes presences, each once.
	Entrances []Entrance
	// Samples are what the news of entrances was worth while evacuations ran, for
	// reports alone.
	Samples []Sample
	// Feeds are what tells nodes of staff; what is said of Silent counts for
	// nothing.
	Feeds []Feed
	// Calls are what was said to and from refuges, for reports alone.
	Calls record.Calls
	// Evacuations are the starts known, and which are over.
	Evacuations record.Evacuations
	// KnownPoint says whether somebody has set up a muster point of that name;
	// nil: all are known.
	KnownPoint func(record.PointName) bool
	// Names says why cards are missing.
	Names Names
	// Locked: names are locked on this device, whatever Names says.
	Locked bool
	// Unknown is since when it is not known here which names have been erased;
	// zero: it is known.
	Unknown time.Time
	Now     time.Time
	// Site limits the list to one site; empty means the whole campus.
	Site record.SiteID
}

// Fold makes the muster list. It depends on the sets in Input, not on their
// order. Everyone who is open is on the list of their site, and during an
// evacuation that covers them also who left since it began; who was last seen
// at no known site is on the list of every site.
func Fold(in Input) List {
	l := List{
		AsOf: in.Now.UTC().Truncate(time.Millisecond), Site: in.Site, Scope: ScopeVisitors,
		People: make([]Person, 0, len(in.Presences)), Names: in.Names, Locked: in.Locked, Unknown: in.Unknown,
	}
	in.Now = l.AsOf
	if l.Feeds = in.feeds(); len(l.Feeds) > 0 {
		l.Scope = ScopeStaff
	}
	if e, on := in.Evacuations.Running(in.Site); on {
		l.Evacuation = &e
	}
	known, spare := doors(in)
	named := map[record.NodeID]record.Fact{}
	j := newJudge(in)
	for _, b := range bearers(in.Presences) {
		if b.staff() {
			l.Scope = ScopeStaff
		}
		q, standing, listed := j.person(b)
		if !listed || !b.held(in) {
			continue
		}
		seen := b.seen()
		if d, ok := spare[q.Door]; ok {
			known[q.Door] = d
		}
		latest, odd := named[q.Door]
		if _, there := known[q.Door]; !there || odd && later(seen, latest) {
			named[q.Door] = seen
			known[q.Door] = strange(seen)
		}
		l.People = append(l.People, q)
		if len(standing) > 0 && !q.Visit.IsZero() {
			if l.Standing == nil {
				l.Standing = map[record.VisitID][]record.EventID{}
			}
			l.Standing[q.Visit] = standing
		}
		for _, p := range b[1:] {
			if l.Joined == nil {
				l.Joined = map[record.VisitID][]record.VisitID{}
			}
			l.Joined[q.Visit] = append(l.Joined[q.Visit], p.Visit)
		}
	}
	for i := range l.People {
		p := &l.People[i]
		d := known[p.Door]
		// Of who was seen out of danger, the door has nothing more to tell.
		behind := !d.News.UpToDate() && !p.accounted() && p.State != Refuge
		if behind {
			d.Doubt++
		}
		p.NotSure = behind || p.inDoubt()
		l.Counts.add(*p)
	}
	l.Entrances = make([]Door, 0, len(known))
	for _, d := range known {
		if in.holds(d.Site) || in.here(d.Node) || d.Doubt > 0 {
			l.Entrances = append(l.Entrances, *d)
		}
	}
	order(l.People, l.Entrances)
	return l
}

// hidden reports that cards were not even asked for.
func (in Input) hidden() bool { return in.Names == NamesWithheld && in.Cards == nil }

// here reports whether a node is this one.
func (in Input) here(node record.NodeID) bool {
	return slices.ContainsFunc(in.Entrances, func(e Entrance) bool { return e.Here && e.Node == node })
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

func (c *Counts) add(p Person) {
	c.Total++
	switch p.State {
	case Inside:
		c.Inside++
	case ProbablyLeft:
		c.ProbablyLeft++
	case Unconfirmed:
		c.Unconfirmed++
	case Missing:
		c.Missing++
	case Refuge:
		c.Refuge++
	case Safe:
		c.Safe++
	case Left:
		c.Left++
	}
	if p.NotSure {
		c.NotSure++
	}
}

// order sorts people by doubt and danger, zone, name and badge, and doors by name, the
// Swedish way: å, ä and ö last. Floor 2 comes before floor 10.
func order(people []Person, doors []Door) {
	swedish, numbered := collate.New(language.Swedish), collate.New(language.Swedish, collate.Numeric)
	var buf collate.Buffer
	type line struct {
		*Person
		rank       int // doubt first, those out of danger last
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
		switch {
		case p.inDoubt():
			lines[i].rank = 0
		case p.accounted():
			lines[i].rank = 2
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
