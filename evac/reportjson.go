package evac

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

type wireReport struct {
	ID        record.EvacID   `json:"id"`
	Kind      string          `json:"kind"`
	Sites     []record.SiteID `json:"sites"`
	StartedAt stamp           `json:"started_at"`
	EndedAt   stamp           `json:"ended_at"`
	Reason    *string         `json:"reason"`
	AsOf      stamp           `json:"as_of"`
	Scope     Scope           `json:"scope"`
	Feeds     []wireFeed      `json:"feeds"`
	Counts    Counts          `json:"counts"`
	AtStart   int             `json:"at_start"`
	Accounted []wireShare     `json:"accounted"`
	Within    []wireWithin    `json:"within"`
	Timeline  []wireMoment    `json:"timeline"`
	Points    []wirePoint     `json:"points"`
	Added     []wireMissed    `json:"added"`
	Gone      []wireGone      `json:"gone"`
	Silent    []wireSilent    `json:"silent"`
	Sweeps    []wireSwept     `json:"sweeps"`
	Refuges   []wireCalled    `json:"refuges"`
	Freshness []wireCourse    `json:"freshness"`
	Lost      []wireLost      `json:"lost"`
}

type wireCourse struct {
	Node  record.NodeID `json:"node"`
	Name  string        `json:"name"`
	Spans []wireSpan    `json:"spans"`
}

type wireSpan struct {
	From      stamp `json:"from"`
	To        stamp `json:"to"`
	State     News  `json:"state"`
	LastHeard stamp `json:"last_heard"`
}

type wireLost struct {
	Node      record.NodeID `json:"node"`
	Name      string        `json:"name"`
	LastHeard stamp         `json:"last_heard"`
	BackAt    stamp         `json:"back_at"`
}

type wireShare struct {
	Percent int      `json:"percent"`
	At      stamp    `json:"at"`
	Seconds *float64 `json:"seconds"`
}

type wireWithin struct {
	Minutes int `json:"minutes"`
	People  int `json:"people"`
}

type wireMoment struct {
	At    stamp            `json:"at"`
	Visit *record.VisitID  `json:"visit"`
	Badge record.BadgeCode `json:"badge"`
	State State            `json:"state"`
	Point *string          `json:"point"`
	By    string           `json:"by"`
}

type wirePoint struct {
	Point string `json:"point"`
	Known bool   `json:"known"`
	Safe  int    `json:"safe"`
}

type wireMissed struct {
	Visit  record.VisitID   `json:"visit"`
	Badge  record.BadgeCode `json:"badge"`
	At     stamp            `json:"at"`
	Joined *record.VisitID  `json:"joined"`
}

type wireGone struct {
	Visit  record.VisitID   `json:"visit"`
	Badge  record.BadgeCode `json:"badge"`
	LeftAt stamp            `json:"left_at"`
	Node   string           `json:"node"`
}

type wireSilent struct {
	Node         record.NodeID `json:"node"`
	Name         string        `json:"name"`
	CompleteAsOf stamp         `json:"complete_as_of"`
	LastHeard    stamp         `json:"last_heard"`
}

type wireSwept struct {
	Site  record.SiteID `json:"site"`
	Zone  record.ZoneID `json:"zone"`
	Clear bool          `json:"clear"`
	At    stamp         `json:"at"`
	By    string        `json:"by"`
}

type wireCalled struct {
	Point *string        `json:"point"`
	Site  *record.SiteID `json:"site"`
	wireTold
}

// JSON is the report in the form that commands and the interface give out.
func (r Report) JSON() ([]byte, error) {
	e := r.Evacuation
	w := wireReport{
		ID: e.ID, Kind: e.Kind(), Sites: append([]record.SiteID{}, e.Sites...), StartedAt: stamp(e.At.Time()), EndedAt: stamp(r.Ended),
		Reason: word(r.Reason), AsOf: stamp(r.AsOf), Scope: r.Scope, Feeds: wireFeeds(r.Feeds), Counts: r.Counts, AtStart: r.AtStart,
		Accounted: []wireShare{}, Within: []wireWithin{}, Timeline: []wireMoment{}, Points: []wirePoint{}, Added: []wireMissed{},
		Gone: []wireGone{}, Silent: []wireSilent{}, Sweeps: []wireSwept{}, Refuges: []wireCalled{}, Freshness: []wireCourse{}, Lost: []wireLost{},
	}
	for _, s := range r.Accounted {
		x := wireShare{Percent: s.Percent, At: stamp(s.At)}
		if seconds := s.After.Seconds(); !s.At.IsZero() {
			x.Seconds = &seconds
		}
		w.Accounted = append(w.Accounted, x)
	}
	for _, x := range r.Within {
		w.Within = append(w.Within, wireWithin(x))
	}
	for _, m := range r.Timeline {
		w.Timeline = append(w.Timeline, wireMoment{stamp(m.At), visitOrNone(m.Visit), m.Badge, m.State, word(m.Point), m.By})
	}
	for _, p := range r.Points {
		w.Points = append(w.Points, wirePoint{string(p.Point), p.Known, p.Safe})
	}
	for _, m := range r.Missed {
		w.Added = append(w.Added, wireMissed{m.Visit, m.Visit.Badge(), stamp(m.At), visitOrNone(m.Joined)})
	}
	for _, g := range r.Gone {
		w.Gone = append(w.Gone, wireGone{g.Visit, g.Visit.Badge(), stamp(g.LeftAt), g.Node})
	}
	for _, d := range r.Silent {
		w.Silent = append(w.Silent, wireSilent{d.Node, d.Name, stamp(d.CompleteAsOf), stamp(d.LastHeard)})
	}
	for _, s := range r.Sweeps {
		w.Sweeps = append(w.Sweeps, wireSwept{s.Site, s.Zone, s.Clear, stamp(s.At), s.By})
	}
	for _, c := range r.Refuges {
		x := wireCalled{word(string(c.Point)), nil, c.wire()}
		if c.Site != "" {
			x.Site = &c.Site
		}
		w.Refuges = append(w.Refuges, x)
	}
	for _, c := range r.Courses {
		x := wireCourse{c.Node, c.Name, []wireSpan{}}
		for _, s := range c.Spans {
			x.Spans = append(x.Spans, wireSpan{stamp(s.From), stamp(s.To), s.News, stamp(s.LastHeard)})
		}
		w.Freshness = append(w.Freshness, x)
	}
	for _, l := range r.Lost {
		w.Lost = append(w.Lost, wireLost{l.Node, l.Name, stamp(l.LastHeard), stamp(l.Back)})
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return b, nil
}

// CSV writes the timeline, a line for each mark and departure, and one for each
// change of what the news of an entrance was worth and for each thing said to or
// from a refuge, without a badge.
func (r Report) CSV(to io.Writer) error {
	w := csv.NewWriter(to)
	seconds := func(at time.Time) (string, string) {
		return at.UTC().Format("2006-01-02T15:04:05.000Z"), fmt.Sprintf("%.3f", at.Sub(r.Evacuation.At.Time()).Seconds())
	}
	var rows [][]string
	for _, c := range r.Courses {
		for _, s := range c.Spans {
			at, after := seconds(s.From)
			rows = append(rows, []string{at, after, "", "", "entrance_" + string(s.News), "", cell(c.Name)})
		}
	}
	for _, c := range r.Refuges {
		at, after := seconds(c.At)
		said := "refuge_" + string(c.Help)
		if c.Help == "" {
			said = fmt.Sprintf("refuge_heard_%d", c.Count)
		}
		rows = append(rows, []string{at, after, "", "", said, cell(string(c.Point)), cell(c.By)})
	}
	for _, m := range r.Timeline {
		visit := ""
		if !m.Visit.IsZero() {
			visit = m.Visit.String()
		}
		at, after := seconds(m.At)
		rows = append(rows, []string{
			at, after, m.Badge.String(), visit, string(m.State), cell(string(m.Point)), cell(m.By),
		})
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	rows = append([][]string{{"time", "seconds", "badge", "visit", "state", "point", "by"}}, rows...)
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// cell keeps a spreadsheet from taking text for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
