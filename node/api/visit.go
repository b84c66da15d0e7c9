package api

import (
	"cmp"
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/invitations"
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
	// Notify: the person has agreed to be told of an alarm at Phone or Email.
	Notify bool `json:"notify,omitempty"`
	// Invitation is the QR of the one that they come by, or its code, which goes
	// with Name. What is left out is taken from it.
	Invitation Text `json:"invitation,omitzero"`
	// With are the names of those who come with the person, each a visit of their
	// own; Others of the answer are theirs.
	With []Text `json:"with,omitempty"`
	// OnPaper are documents, by id, that the person has signed on paper.
	OnPaper []string `json:"on_paper,omitempty"`
	// Under16: the person is under 16, and Guardian: a guardian has agreed to what
	// is kept with consent.
	Under16  bool `json:"under16,omitempty"`
	Guardian bool `json:"guardian,omitempty"`
}

// how says where something was told: a command on this machine, or another
// program.
func how(r *http.Request) string {
	if callerOf(r) == atNode {
		return "command"
	}
	return "api"
}

// Receipt answers an Arrival. The QR opens the visit; it prints as the visit.
type Receipt struct {
	Visit record.VisitID   `json:"visit"`
	Badge record.BadgeCode `json:"badge"`
	QR    string           `json:"qr"`
	At    Stamp            `json:"at"`
	// Wait: they are inside and on every list, and are to be asked to wait for the
	// reception, in so many words.
	Wait bool `json:"wait"`
	// Others are those who came with the person, in the order of their names.
	Others []Receipt `json:"others,omitempty"`
}

// String is the visit alone.
func (r Receipt) String() string { return r.Visit.String() }

func (a *API) checkIn(r *http.Request) (any, error) {
	var in Arrival
	if err := read(r, &in); err != nil {
		return nil, err
	}
	signed, err := a.onPaper(in.OnPaper, in.Lang)
	if err != nil {
		return nil, err
	}
	var by invitations.Opened
	if in.Invitation.Private != "" {
		if by, err = a.cfg.Node.Invitations().Open(in.Invitation.Reveal(), in.Name.Reveal()); err != nil {
			return nil, err
		}
	}
	var with []record.Private
	for _, t := range in.With {
		with = append(with, t.Private)
	}
	i := by.Invite
	if in.Under16 {
		i.Email, i.Phone = "", "" // nothing is kept by which they could be reached
	}
	all, err := a.cfg.Node.Visits().CheckInGroup(r.Context(), visits.Arrival{
		Name: cmp.Or(in.Name.Private, i.Name), Company: cmp.Or(in.Company.Private, i.Company), Host: cmp.Or(in.Host.Private, i.Host),
		Assist: in.Assist.Private, Email: cmp.Or(in.Email.Private, i.Email), Phone: cmp.Or(in.Phone.Private, i.Phone),
		Purpose: cmp.Or(in.Purpose.Private, i.Purpose), Invitation: by.ID, HostMail: i.HostMail,
		Type: cmp.Or(in.Type, by.Type), Lang: in.Lang, How: how(r), Notify: in.Notify, Signed: signed,
		Under16: in.Under16, Guardian: in.Guardian,
	}, with)
	if err != nil {
		return nil, err
	}
	out := receiptOf(all[0])
	for _, one := range all[1:] {
		out.Others = append(out.Others, receiptOf(one))
	}
	return out, nil
}

func receiptOf(got visits.Receipt) Receipt {
	return Receipt{Visit: got.Visit, Badge: got.Badge, QR: got.QR, At: Stamp{got.At}, Wait: got.Wait}
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
	// Name is the bearer's, where the QR of the badge was shown and opens it
	// here; null otherwise.
	Name *Text `json:"name"`
}

func (a *API) checkOut(r *http.Request) (any, error) {
	var in Leaving
	if err := read(r, &in); err != nil {
		return nil, err
	}
	d, err := a.cfg.Node.Visits().CheckOut(r.Context(), in.Code, how(r))
	if err != nil {
		return nil, err
	}
	out := Departure{Badge: d.Badge, At: Stamp{d.At}, Known: d.Known, Already: d.Already, Name: textOf(d.Name)}
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
	// SeenAgain are other check-outs of the same badge, at nodes that had not
	// heard of the first.
	SeenAgain []Sighting `json:"seen_again"`
	// Restricted: what is stored is used for nothing but an evacuation, and
	// shown here to nobody.
	Restricted bool `json:"restricted"`
}

// Sighting is one use of a badge: at which node, when, where and how.
type Sighting struct {
	Node  record.NodeID `json:"node"`
	At    Stamp         `json:"at"`
	Place string        `json:"place"`
	How   string        `json:"how"`
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
		Site: p.Seen.Place.Site, Zone: p.Seen.Place.Zone, Entrance: p.Seen.Place.Entrance, Restricted: len(p.Restricted) > 0,
	}
	if p.Since != 0 {
		v.ArrivedAt = Stamp{p.Since.Time()}
	}
	if !p.Left.IsZero() {
		v.LeftAt, v.LeftHow = Stamp{p.Left.At.Time()}, &p.Left.How
	}
	v.SeenAgain = []Sighting{}
	for _, f := range p.Again {
		place := cmp.Or(string(f.Place.Entrance), string(f.Place.Zone), string(f.Place.Site))
		v.SeenAgain = append(v.SeenAgain, Sighting{Node: f.By(), At: Stamp{f.At.Time()}, Place: place, How: f.How})
	}
	if row.Card != nil {
		v.Name, v.Company, v.Host, v.Assist = textOf(row.Card.Name), textOf(row.Card.Company), textOf(row.Card.Host), textOf(row.Card.Assist)
	}
	return v
}
