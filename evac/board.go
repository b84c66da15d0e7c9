package evac

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
)

// board is a list laid out for reading.
type board struct {
	Site  record.SiteID
	AsOf  time.Time
	Truth truth
	// Scope says who is counted.
	Scope  string
	Doors  []doorLine
	Counts Counts
	// Tab is the one shown, Tabs the choices; none at rest.
	Tab  string
	Tabs []tabLine
	// Heads are all groups, Groups those of which there are lines on the page:
	// From is the place of the first, Shown how many there are, of Total in the
	// tab.
	Heads            []head
	Groups           []group
	From, Shown, All int
	Earlier, Later   string
	Rows             []row
	// Marks: this reader may say where people are, and what they say counts.
	Marks bool
	Point pointLine
	// Words are the states in the reader's language, for a script.
	Words string
	// Done is the mark that can be undone; empty: none was made on this page.
	Done    done
	Refuges []Point
	// Late says how many entrances are behind; empty when none is.
	Late string
	// ScanPath, AddPath and SweepPath lead to what else a warden does.
	ScanPath, AddPath, SweepPath string
	// Papers lead to the list and the hand-over as pages to print; none where
	// names may not be shown.
	Papers []paperLink
	// Names says in words why names are not shown, each reason by itself; none
	// when they are.
	Names []string
	// Unknown says since when it is not known which names have been erased;
	// empty while it is.
	Unknown string
	Pad     pad
	Evac    evacLine
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
		Truth: s.reader(r).tell(l), Scope: s.reader(r).scopeBelow(l), Home: path("/warden", l.Site), Finder: path("/warden/find", l.Site),
		Evac: s.evacLine(r, l, hidden), Pad: s.pad(r, l, hidden),
	}
	b.Names = s.reader(r).whyNoNames(l, hidden)
	if !l.Unknown.IsZero() && !hidden && l.Names != NamesWithheld && l.Names != NamesAsking {
		b.Unknown = r.Text("warden.erasures_unknown", map[string]any{"Time": s.reader(r).Moment(l.Unknown, l.AsOf)})
	}
	for _, d := range l.Entrances {
		b.Doors = append(b.Doors, doorLine{Door: d, Word: r.Text(newsWord(d.News), nil), Says: s.reader(r).Door(d, l.AsOf)})
	}
	// Worst first: what is missing matters more than what is well.
	slices.SortStableFunc(b.Doors, func(x, y doorLine) int {
		return cmp.Or(first(!x.News.UpToDate(), !y.News.UpToDate()), cmp.Compare(y.Doubt, x.Doubt), first(y.News == Here, x.News == Here))
	})
	b.Rows, b.Heads = s.rows(r, l)
	b.Papers = s.papers(r, l.Site, hidden)
	b.Tab = tabAll
	if l.Evacuation != nil {
		b.Tab = tabFind
		b.Marks = s.cfg.Alarm != nil && !hidden
	}
	b.Tabs = tabs(r, l, b.Tab)
	b.Point, b.Refuges = s.pointLine(r), s.refuges()
	b.ScanPath, b.AddPath, b.SweepPath = path("/warden/scan", l.Site), path("/warden/add", l.Site), path("/warden/sweep", l.Site)
	late := 0
	for _, d := range l.Entrances {
		if !d.News.UpToDate() {
			late++
		}
	}
	if late > 0 {
		b.Late = r.Text("warden.late", map[string]any{"Count": late})
	}
	b.Words = stateWords(r)
	return b
}

// Blank is what a script fills copies of.
func (board) Blank() row { return row{} }

// States are the looks of a state, and Kinds those of a heading, of which a
// script takes copies.
func (board) States() []string {
	return []string{"inside", "probably_left", "left", "safe", "refuge", "missing", "unconfirmed"}
}

// Kinds are the headings.
func (board) Kinds() (all []group) {
	for _, k := range []string{"help", "missing", "unsure", "zone", "safe", "left"} {
		all = append(all, group{Kind: k, Zone: "-"})
	}
	return all
}

// stateWords are the states by the last part of their key, as JSON.
func stateWords(r *webkit.Request) string {
	all := map[string]string{}
	for _, key := range []string{"inside", "not_sure", "probably_left", "unconfirmed", "safe", "refuge", "missing", "left"} {
		all[key] = r.Text("state."+key, nil)
	}
	// Strings always marshal.
	text, _ := json.Marshal(all)
	return string(text)
}

// whyNoNames says in words what keeps names from being shown: an evacuation
// that does not run and a PIN that has not been given are two reasons.
func (r Reader) whyNoNames(l List, hidden bool) (why []string) {
	if hidden || l.Names == NamesWithheld {
		return []string{r.Text("warden.withheld", nil)}
	}
	opened := slices.ContainsFunc(l.People, func(p Person) bool { return p.Opened })
	switch {
	case l.Names == NamesAsking:
		why = append(why, r.Text("warden.names_asking", nil))
	case l.Names == NamesDuringEvacuation && l.Evacuation != nil && opened:
		why = append(why, r.Text("warden.names_covered", nil))
	case l.Names == NamesDuringEvacuation:
		why = append(why, r.Text("warden.names_wait", nil))
	}
	if l.Locked || l.Names == NamesLocked {
		why = append(why, r.Text("warden.names_locked", nil))
	}
	return why
}

// zoneID names a zone's section of the page, whatever is in its name.
func zoneID(zone string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(zone))
	return "z-" + hex.EncodeToString(h.Sum(nil))
}

// whyNot is the key of what is in doubt about a person beyond their entrance's
// news; empty: nothing is.
func whyNot(p Person) string {
	switch {
	case p.Disputed:
		return "warden.why_disputed"
	case p.Doubtful:
		return "warden.why_shared"
	case p.Added && p.State == Unconfirmed:
		return "warden.why_added"
	case p.State == Unconfirmed:
		return "warden.why_unconfirmed"
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
	case p.State == Safe:
		return "state.safe"
	case p.State == Refuge:
		return "state.refuge"
	case p.State == Missing:
		return "state.missing"
	case p.State == Left:
		return "state.left"
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
