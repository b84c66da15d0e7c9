package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/visits"
)

// Arrival is the request to check someone in.
type Arrival struct {
	Name    Text   `json:"name"`
	Company Text   `json:"company,omitzero"`
	Host    Text   `json:"host,omitzero"`
	Email   Text   `json:"email,omitzero"`
	Phone   Text   `json:"phone,omitzero"`
	Purpose Text   `json:"purpose,omitzero"`
	Assist  Text   `json:"assist,omitzero"`
	Type    string `json:"type,omitempty"`
	Lang    string `json:"lang,omitempty"`
}

// Receipt answers an Arrival. The QR opens the visit; it prints as the visit.
type Receipt struct {
	Visit record.VisitID   `json:"visit"`
	Badge record.BadgeCode `json:"badge"`
	QR    string           `json:"qr"`
	At    Stamp            `json:"at"`
}

// String is the visit alone.
func (r Receipt) String() string { return r.Visit.String() }

func (a *API) checkIn(r *http.Request) (any, error) {
	var in Arrival
	if err := read(r, &in); err != nil {
		return nil, err
	}
	got, err := a.cfg.Node.Visits().CheckIn(r.Context(), visits.Arrival{
		Name: in.Name.Private, Company: in.Company.Private, Host: in.Host.Private, Assist: in.Assist.Private,
		Email: in.Email.Private, Phone: in.Phone.Private, Purpose: in.Purpose.Private,
		Type: in.Type, Lang: in.Lang, How: "command",
	})
	if err != nil {
		return nil, err
	}
	return Receipt{Visit: got.Visit, Badge: got.Badge, QR: got.QR, At: Stamp{got.At}}, nil
}

// Leaving is the request to check someone out: a badge code, a visit id or
// the payload of a badge's QR.
type Leaving struct {
	Code string `json:"code"`
}

// Departure answers a Leaving. Visit is null when only the badge code of an
// unheard-of visit was given.
type Departure struct {
	Visit   *record.VisitID  `json:"visit"`
	Badge   record.BadgeCode `json:"badge"`
	At      Stamp            `json:"at"`
	Known   bool             `json:"known"`
	Already bool             `json:"already"`
}

func (a *API) checkOut(r *http.Request) (any, error) {
	var in Leaving
	if err := read(r, &in); err != nil {
		return nil, err
	}
	d, err := a.cfg.Node.Visits().CheckOut(r.Context(), in.Code, "command")
	if err != nil {
		return nil, err
	}
	out := Departure{Badge: d.Badge, At: Stamp{d.At}, Known: d.Known, Already: d.Already}
	if !d.Visit.IsZero() {
		out.Visit = &d.Visit
	}
	return out, nil
}

// Visit is one line of the list. Name, Company and Host are null where this
// node may not open them, or where there are none.
type Visit struct {
	Visit     record.VisitID    `json:"visit"`
	Badge     record.BadgeCode  `json:"badge"`
	State     record.State      `json:"state"`
	Name      *Text             `json:"name"`
	Company   *Text             `json:"company"`
	Host      *Text             `json:"host"`
	Assist    *Text             `json:"assist"`
	Type      string            `json:"type"`
	Site      record.SiteID     `json:"site"`
	Zone      record.ZoneID     `json:"zone"`
	Entrance  record.EntranceID `json:"entrance"`
	ArrivedAt Stamp             `json:"arrived_at"`
	LeftAt    Stamp             `json:"left_at"`
	LeftHow   *string           `json:"left_how"`
}

func (a *API) listVisits(r *http.Request) (any, error) {
	var present bool
	switch v := r.URL.Query().Get("present"); v {
	case "", "0", "false":
	case "1", "true":
		present = true
	default:
		return nil, malformed("present is neither 1 nor 0", "leave it out to get every visit")
	}
	rows, err := a.cfg.Node.Visits().List(present)
	if err != nil {
		return nil, err
	}
	out := make([]Visit, 0, len(rows))
	for _, row := range rows {
		out = append(out, visitOf(row))
	}
	return out, nil
}

func visitOf(row visits.Row) Visit {
	p := row.Presence
	v := Visit{
		Visit: p.Visit, Badge: p.Badge(), State: p.State, Type: p.Type,
		Site: p.Seen.Place.Site, Zone: p.Seen.Place.Zone, Entrance: p.Seen.Place.Entrance,
	}
	if p.Since != 0 {
		v.ArrivedAt = Stamp{p.Since.Time()}
	}
	if !p.Left.IsZero() {
		v.LeftAt, v.LeftHow = Stamp{p.Left.At.Time()}, &p.Left.How
	}
	if row.Card != nil {
		v.Name, v.Company, v.Host, v.Assist = textOf(row.Card.Name), textOf(row.Card.Company), textOf(row.Card.Host), textOf(row.Card.Assist)
	}
	return v
}
