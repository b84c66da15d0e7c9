package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/rights"
)

// SubjectRequest names the visit of somebody who asks what is stored about
// them; Form is in what form it is handed out, for the record.
type SubjectRequest struct {
	Visit string `json:"visit"`
	Form  string `json:"form,omitempty"`
}

// SubjectParticulars are what is sealed about a visit; null where there is
// nothing, or nothing any more. Status says why.
type SubjectParticulars struct {
	Status  rights.Status `json:"status"`
	Name    *Text         `json:"name"`
	Company *Text         `json:"company"`
	Host    *Text         `json:"host"`
	Email   *Text         `json:"email"`
	Phone   *Text         `json:"phone"`
	Purpose *Text         `json:"purpose"`
	// Photo is a JPEG, in Base64; PhotoAt is when it was taken.
	Photo   []byte `json:"photo"`
	PhotoAt Stamp  `json:"photo_at"`
	// Signed are the documents that the person has signed.
	Signed    []SubjectSignature `json:"signed"`
	Assist    *Text              `json:"assist"`
	Lang      *string            `json:"lang"`
	Consents  []SubjectConsent   `json:"consents"`
	Type      string             `json:"type"`
	Badge     record.BadgeCode   `json:"badge"`
	KeptUntil *string            `json:"kept_until"`
	// Restrictions are why its use is restricted.
	Restrictions []SubjectRestriction `json:"restrictions"`
	ErasedAt     Stamp                `json:"erased_at"`
	CorrectedAt  Stamp                `json:"corrected_at"`
}

// SubjectRestriction is one restriction that stands.
type SubjectRestriction struct {
	Case   record.CaseID `json:"case"`
	Since  Stamp         `json:"since"`
	Reason string        `json:"reason"`
}

// SubjectEvent is one thing that is on record about a visit.
type SubjectEvent struct {
	At       Stamp             `json:"at"`
	Event    string            `json:"event"`
	Node     string            `json:"node"`
	Site     record.SiteID     `json:"site"`
	Zone     record.ZoneID     `json:"zone"`
	Entrance record.EntranceID `json:"entrance"`
	How      string            `json:"how"`
	Note     string            `json:"note"`
}

// SubjectReason says of one datum why it is kept and where it comes from.
type SubjectReason struct {
	Datum      string  `json:"datum"`
	Purpose    string  `json:"purpose"`
	LegalBasis string  `json:"legal_basis"`
	Source     *string `json:"source"`
	At         Stamp   `json:"at"`
	By         *string `json:"by"`
}

// SubjectRecipient is to whom something of the visit was shown or handed.
type SubjectRecipient struct {
	Recipient string `json:"recipient"`
	What      string `json:"what"`
	At        Stamp  `json:"at"`
	Node      string `json:"node"`
	By        string `json:"by"`
	// ToTell is what recipients outside the house are still to be told of.
	ToTell []string `json:"to_tell"`
	ToldAt Stamp    `json:"told_at"`
}

// SubjectNode says whether all that a node has written is in the extract.
type SubjectNode struct {
	Node         string        `json:"node"`
	ID           record.NodeID `json:"id"`
	Answered     bool          `json:"answered"`
	CompleteAsOf Stamp         `json:"complete_as_of"`
	LastHeard    Stamp         `json:"last_heard"`
}

// SubjectExtract is all that is stored about a visit.
type SubjectExtract struct {
	Visit       record.VisitID     `json:"visit"`
	Particulars SubjectParticulars `json:"particulars"`
	Events      []SubjectEvent     `json:"events"`
	Reasons     []SubjectReason    `json:"reasons"`
	Recipients  []SubjectRecipient `json:"recipients"`
	Nodes       []SubjectNode      `json:"nodes"`
	Kept        []SubjectKept      `json:"kept"`
}

// SubjectKept is what is kept past the day of the visit, why and until when. Reason
// is that of a hold, and the texts and events are what it keeps.
type SubjectKept struct {
	Kept     record.VisitID     `json:"kept"`
	Document *string            `json:"document"`
	Reason   *string            `json:"reason"`
	Until    string             `json:"until"`
	Name     *Text              `json:"name"`
	Company  *Text              `json:"company"`
	Host     *Text              `json:"host"`
	Email    *Text              `json:"email"`
	Phone    *Text              `json:"phone"`
	Purpose  *Text              `json:"purpose"`
	Signed   []SubjectSignature `json:"signed"`
	Events   []SubjectEvent     `json:"events"`
}

func keptOf(all []rights.PastDay) []SubjectKept {
	out := []SubjectKept{}
	for _, k := range all {
		one := SubjectKept{
			Kept: k.ID, Document: orNull(k.Document), Reason: orNull(k.Reason), Until: dateOf(k.End), Name: textOf(k.Name),
			Signed: signaturesOf(k.Signed), Events: []SubjectEvent{},
		}
		if k.Card != nil {
			one.Company, one.Host = textOf(k.Card.Company), textOf(k.Card.Host)
		}
		if d := k.Dossier; d != nil {
			one.Email, one.Phone, one.Purpose = textOf(d.Email), textOf(d.Phone), textOf(d.Purpose)
			one.Signed = append(one.Signed, signaturesOf(d.Signed)...)
		}
		for _, e := range k.Events {
			one.Events = append(one.Events, SubjectEvent{At: Stamp{e.At}, Event: e.What, Node: e.Node.String(), Site: e.Place.Site, Zone: e.Place.Zone, Entrance: e.Place.Entrance, How: e.How})
		}
		out = append(out, one)
	}
	return out
}

func (a *API) exportSubject(r *http.Request) (any, error) {
	var in SubjectRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	switch in.Form {
	case "":
		in.Form = "json"
	case "json", "csv", "xlsx", "text":
	default:
		return nil, unfit("there is no such form", "write json, csv, xlsx or text")
	}
	x, err := a.cfg.Node.Rights().Export(r.Context(), v, in.Form)
	if err != nil {
		return nil, err
	}
	return extractOf(x, a.cfg.Node.Rights().Given(x)), nil
}

// ExtractRequest asks for an extract in plain words.
type ExtractRequest struct {
	Visit string      `json:"visit"`
	Lang  rights.Lang `json:"lang"`
	// Form is pdf where it is put on pages, for the record.
	Form string `json:"form,omitempty"`
}

// Document is a text for people; it may hold personal data.
type Document struct {
	Text Text `json:"text"`
}

func (a *API) extractSubject(r *http.Request) (any, error) {
	var in ExtractRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	if in.Lang != rights.Swedish && in.Lang != rights.English {
		return nil, rights.ErrLang
	}
	if in.Form != "pdf" {
		in.Form = "text"
	}
	x, err := a.cfg.Node.Rights().Export(r.Context(), v, in.Form)
	if err != nil {
		return nil, err
	}
	t, err := a.cfg.Node.Rights().Text(x, in.Lang)
	return Document{Text{t}}, err
}

func extractOf(x rights.Extract, consents []rights.Given) SubjectExtract {
	p := x.Particulars
	out := SubjectExtract{
		Visit: x.Visit,
		Particulars: SubjectParticulars{
			Signed: signaturesOf(p.Signed),
			Status: p.Status, Name: textOf(p.Name), Company: textOf(p.Company), Host: textOf(p.Host), Email: textOf(p.Email),
			Phone: textOf(p.Phone), Purpose: textOf(p.Purpose), Assist: textOf(p.Assist), Lang: orNull(p.Lang), Consents: consentsOf(consents), Type: p.Type,
			Badge: p.Badge, Restrictions: []SubjectRestriction{}, ErasedAt: Stamp{p.ErasedAt}, CorrectedAt: Stamp{p.CorrectedAt},
		},
		Events: []SubjectEvent{}, Reasons: []SubjectReason{}, Recipients: []SubjectRecipient{}, Nodes: []SubjectNode{}, Kept: keptOf(x.Kept),
	}
	out.Particulars.Photo, out.Particulars.PhotoAt = p.Photo.Picture, Stamp{p.Photo.Taken}
	if p.KeptUntil != 0 {
		out.Particulars.KeptUntil = orNull(p.KeptUntil.Start().Format("2006-01-02"))
	}
	for _, r := range p.RestrictedBecauseOf {
		out.Particulars.Restrictions = append(out.Particulars.Restrictions, SubjectRestriction{r.Case, Stamp{r.Since.Time()}, r.Reason})
	}
	for _, e := range x.Events {
		out.Events = append(out.Events, SubjectEvent{Stamp{e.At}, e.What, e.Node, e.Place.Site, e.Place.Zone, e.Place.Entrance, e.How, e.Note})
	}
	for _, r := range x.Reasons {
		out.Reasons = append(out.Reasons, SubjectReason{r.Datum, r.Purpose, r.LegalBasis, orNull(r.Source), Stamp{r.At}, orNull(r.By)})
	}
	for _, r := range x.Recipients {
		out.Recipients = append(out.Recipients, recipientOf(r))
	}
	for _, n := range x.Nodes {
		out.Nodes = append(out.Nodes, SubjectNode{n.Node, n.ID, n.Answered, Stamp{n.CompleteAsOf}, Stamp{n.LastHeard}})
	}
	return out
}

func recipientOf(r rights.Recipient) SubjectRecipient {
	return SubjectRecipient{r.Recipient, r.What, Stamp{r.At}, r.Node, r.By, append([]string{}, r.ToTell...), Stamp{r.Told}}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
