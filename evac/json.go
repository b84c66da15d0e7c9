package evac

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// stamp is a time as outside readers get it: RFC 3339 in UTC with
// milliseconds, or null when it is not known.
type stamp time.Time

// MarshalJSON writes the time or null.
func (s stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

type wireList struct {
	AsOf      stamp        `json:"as_of"`
	Scope     Scope        `json:"scope"`
	Feeds     []wireFeed   `json:"feeds"`
	Entrances []wireDoor   `json:"entrances"`
	People    []wirePerson `json:"people"`
	Counts    Counts       `json:"counts"`
	Names     Names        `json:"names"`
	// Evacuation is null when the list is of a house at rest.
	Evacuation *wireEvacuation `json:"evacuation"`
	// NamesLocked: this device's PIN has not been given.
	NamesLocked bool `json:"names_locked"`
	// Unknown is null while it is known which names have been erased.
	Unknown stamp `json:"erasures_unknown_since"`
}

type wireEvacuation struct {
	ID        record.EvacID   `json:"id"`
	Kind      string          `json:"kind"`
	StartedAt stamp           `json:"started_at"`
	Sites     []record.SiteID `json:"sites"`
	Starts    []record.EvacID `json:"starts"`
}

type wireDoor struct {
	Node         record.NodeID `json:"node"`
	Name         string        `json:"name"`
	CompleteAsOf stamp         `json:"complete_as_of"`
	State        News          `json:"state"`
	Site         record.SiteID `json:"site"`
	LastHeard    stamp         `json:"last_heard"`
	Doubt        int           `json:"doubt"`
}

type wireFeed struct {
	Name      record.FeedName `json:"name"`
	Node      record.NodeID   `json:"node"`
	Site      record.SiteID   `json:"site"`
	LastHeard stamp           `json:"last_heard"`
	Silent    bool            `json:"silent"`
}

func wireFeeds(all []Feed) []wireFeed {
	out := make([]wireFeed, len(all))
	for i, f := range all {
		out[i] = wireFeed{f.Name, f.Node, f.Place.Site, stamp(f.Heard), f.Silent}
	}
	return out
}

type wirePerson struct {
	// Visit is null where nothing is known but marks on a badge code.
	Visit    *record.VisitID  `json:"visit"`
	Badge    record.BadgeCode `json:"badge"`
	Name     *string          `json:"name"`
	Company  *string          `json:"company"`
	Host     *string          `json:"host"`
	Zone     string           `json:"zone"`
	State    State            `json:"state"`
	MarkedBy *string          `json:"marked_by"`
	MarkedAt stamp            `json:"marked_at"`
	Point    *string          `json:"point"`
	// PointKnown is null where there is no point.
	PointKnown *bool            `json:"point_known"`
	LeftAt     stamp            `json:"left_at"`
	How        *string          `json:"how"`
	Disputed   bool             `json:"disputed"`
	Added      bool             `json:"added"`
	NotSure    bool             `json:"not_sure"`
	Joined     []record.VisitID `json:"joined"`
	Type       string           `json:"type"`
}

// JSON is the list in the form that commands and the interface give out. It
// reveals the personal data in the list: it is for those who may read it, and
// never for a log.
func (l List) JSON() ([]byte, error) {
	w := wireList{
		AsOf: stamp(l.AsOf), Scope: l.Scope, Feeds: wireFeeds(l.Feeds), Counts: l.Counts, Names: l.Names, NamesLocked: l.Locked, Unknown: stamp(l.Unknown),
		Entrances: make([]wireDoor, len(l.Entrances)), People: make([]wirePerson, len(l.People)),
	}
	if e := l.Evacuation; e != nil {
		w.Evacuation = &wireEvacuation{ID: e.ID, Kind: e.Kind(), StartedAt: stamp(e.At.Time()), Sites: append([]record.SiteID{}, e.Sites...), Starts: e.IDs()}
	}
	for i, d := range l.Entrances {
		w.Entrances[i] = wireDoor{
			Node: d.Node, Name: d.Name, CompleteAsOf: stamp(d.CompleteAsOf), State: d.News,
			Site: d.Site, LastHeard: stamp(d.LastHeard), Doubt: d.Doubt,
		}
	}
	for i, p := range l.People {
		w.People[i] = wirePersonOf(p, l.Joined[p.Visit])
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write muster list: %w", err)
	}
	return b, nil
}

func wirePersonOf(p Person, joined []record.VisitID) wirePerson {
	w := wirePerson{
		Visit: visitOrNone(p.Visit), Badge: p.Badge, Zone: p.Zone, State: p.State, Type: p.Type,
		Name: reveal(p.Name), Company: reveal(p.Company), Host: reveal(p.Host),
		MarkedBy: word(p.MarkedBy), MarkedAt: stamp(p.MarkedAt), Point: word(p.Point), LeftAt: stamp(p.LeftAt), How: word(p.How),
		Disputed: p.Disputed, Added: p.Added, NotSure: p.NotSure, Joined: append([]record.VisitID{}, joined...),
	}
	if p.Point != "" {
		w.PointKnown = &p.PointKnown
	}
	return w
}

// word is the text, or nil when there is none.
func word[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	t := string(s)
	return &t
}

// reveal is the text, or nil when there is none to show.
func reveal(p record.Private) *string {
	if p == "" {
		return nil
	}
	s := p.Reveal()
	return &s
}
