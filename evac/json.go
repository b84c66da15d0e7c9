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
	Scope     string       `json:"scope"`
	Entrances []wireDoor   `json:"entrances"`
	People    []wirePerson `json:"people"`
	Counts    Counts       `json:"counts"`
	// Evacuation is null: this list is of the house at rest.
	Evacuation *struct{} `json:"evacuation"`
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

type wirePerson struct {
	Visit    record.VisitID   `json:"visit"`
	Badge    record.BadgeCode `json:"badge"`
	Name     *string          `json:"name"`
	Company  *string          `json:"company"`
	Host     *string          `json:"host"`
	Zone     string           `json:"zone"`
	State    State            `json:"state"`
	MarkedBy *string          `json:"marked_by"`
	MarkedAt stamp            `json:"marked_at"`
	Point    *string          `json:"point"`
}

// JSON is the list in the form that commands and the interface give out. It
// reveals the personal data in the list: it is for those who may read it, and
// never for a log.
func (l List) JSON() ([]byte, error) {
	w := wireList{
		AsOf: stamp(l.AsOf), Scope: Scope, Counts: l.Counts,
		Entrances: make([]wireDoor, len(l.Entrances)), People: make([]wirePerson, len(l.People)),
	}
	for i, d := range l.Entrances {
		w.Entrances[i] = wireDoor{
			Node: d.Node, Name: d.Name, CompleteAsOf: stamp(d.CompleteAsOf), State: d.News,
			Site: d.Site, LastHeard: stamp(d.LastHeard), Doubt: d.Doubt,
		}
	}
	for i, p := range l.People {
		w.People[i] = wirePerson{
			Visit: p.Visit, Badge: p.Badge, Zone: p.Zone, State: p.State,
			Name: reveal(p.Name), Company: reveal(p.Company), Host: reveal(p.Host),
		}
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write muster list: %w", err)
	}
	return b, nil
}

// reveal is the text, or nil when there is none to show.
func reveal(p record.Private) *string {
	if p == "" {
		return nil
	}
	s := p.Reveal()
	return &s
}
