package office

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/visits"
)

// patience is for how long an act may take. It goes on when the browser has
// gone.
const patience = 15 * time.Second

// arrivePage is the form with what was typed and what is wrong with it.
type arrivePage struct {
	Frame   frame
	Form    string
	Arrival visits.Arrival
	Ticked  bool
	Types   []choice
	// Papers are what any type signs; OnPaper that it has been.
	Papers []paperTick
	// With are the names of those who come with the visitor, one on each line.
	With   string
	Faults faults
}

// paperTick is a document that the visitor may have signed on paper.
type paperTick struct {
	ID, Word string
	// For are the types that sign it.
	For string
	On  bool
}

// papers are the documents that any type signs.
func (o *Office) papers(r request) (out []paperTick) {
	for _, d := range o.cfg.Node.Documents().List() {
		if d.Off || len(d.Text) == 0 {
			continue
		}
		t := paperTick{ID: d.ID, Word: d.Word(string(r.Locale)), On: r.Field("signed-"+d.ID) != ""}
		for _, k := range o.cfg.Node.Kinds().Offered() {
			if slices.Contains(k.Documents, d.ID) {
				t.For += ", " + k.Word(string(r.Locale))
			}
		}
		if t.For = strings.TrimPrefix(t.For, ", "); t.For != "" {
			out = append(out, t)
		}
	}
	return out
}

// choice is one of a few to choose from.
type choice struct {
	Value, Word, Hint string
	Chosen            bool
}

// typesOf are the types that are offered, and the chosen one.
func (o *Office) typesOf(r request, chosen string) (out []choice) {
	for _, k := range o.cfg.Node.Kinds().Offered() {
		out = append(out, choice{Value: k.ID, Word: k.Word(string(r.Locale)), Chosen: k.ID == chosen})
	}
	return out
}

// typeWord is what a visit's type is called; one that is not known here is
// shown as it is written.
func (o *Office) typeWord(r request, id string) string {
	if k, ok := o.cfg.Node.Kinds().Get(id); ok {
		return k.Word(string(r.Locale))
	}
	return id
}

// onBadge is what a type puts on the badge; empty for the plain visitor.
func (o *Office) onBadge(r request, id string) string {
	k, ok := o.cfg.Node.Kinds().Get(id)
	if !ok || k.ID == kinds.Default && len(k.Badge) == 0 {
		return ""
	}
	return k.OnBadge(string(r.Locale))
}

// sign is the sign of a type, and whether such visitors are to be accompanied.
func (o *Office) sign(id string) (mark string, escort bool) {
	k, _ := o.cfg.Node.Kinds().Get(id)
	return string(k.Mark), k.Escort
}

func (o *Office) arriveForm(r request) (webkit.Response, error) {
	return o.arrivePage(r, arrivePage{Form: rand.Text()}), nil
}

func (o *Office) arrivePage(r request, p arrivePage) webkit.Page {
	p.Frame, p.Types, p.Papers = o.frame(r, "desk"), o.typesOf(r, p.Arrival.Type), o.papers(r)
	return webkit.Page{Name: "arrive", Data: p}
}

// badgePage is a badge that was just given out.
type badgePage struct {
	Frame frame
	Faces []badge.Face
	Visit string
	// New: the visit has just begun. Coming: the badges come out of a label printer.
	New, Coming bool
}

func (o *Office) arrive(r request) (webkit.Response, error) {
	a := visits.Arrival{
		Name: private(r, "name"), Company: private(r, "company"), Host: private(r, "host"),
		Email: private(r, "email"), Phone: private(r, "phone"), Purpose: private(r, "purpose"),
		Type: r.Field("type"), Lang: string(r.Locale), How: "desk",
	}
	// The tick is the consent: without it nothing about help is kept.
	typed, ticked := private(r, "assist"), r.Field("needs_help") != ""
	if ticked {
		if a.Assist = typed; typed == "" {
			a.Assist = record.Private(r.Text("arrive.assist_unspecified", nil))
		}
	}
	a.Under16 = r.Field("under16") != ""
	a.Guardian = a.Under16 && r.Field("guardian") != ""
	for _, t := range o.papers(r) {
		if !t.On {
			continue
		}
		d, _ := o.cfg.Node.Documents().Get(t.ID)
		text, in, _ := d.In(string(r.Locale))
		if s, err := o.cfg.Node.Documents().Signature(t.ID, in, text.Hash, "paper", "", ""); err == nil {
			a.Signed = append(a.Signed, s)
		}
	}
	form := formID(r)
	page, err := o.done.once(form+string(r.who.ID), func() (string, error) { return o.checkIn(r, a) })
	if err != nil {
		if p := new(visits.Problem); errors.As(err, &p) && p.Key == "name.empty" {
			err = errNoName
		}
		shown := a
		shown.Assist = typed
		return fault(r.Request, err, func(f faults) webkit.Page {
			return o.arrivePage(r, arrivePage{Form: form, Arrival: shown, With: r.Lines("with"), Ticked: ticked, Faults: f})
		})
	}
	return webkit.Redirect{To: r.Link("/desk/welcome/" + page)}, nil
}

// errNoName is told to who writes for another.
var errNoName = lang.Problem{Key: "desk.name_empty", Field: "name"}

func private(r request, field string) record.Private { return record.Private(r.Field(field)) }

// checkIn checks somebody in and keeps the badge for a page that is shown next.
func (o *Office) checkIn(r request, a visits.Arrival) (page string, err error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	with := visits.Lines(record.Private(r.Lines("with")))
	all, err := o.cfg.Node.Visits().CheckInGroup(ctx, a, with)
	if err != nil {
		return "", err
	}
	var ids []record.VisitID
	for _, one := range all {
		ids = append(ids, one.Visit)
	}
	if err := o.cfg.Node.ActBy(r.by(), "visit.in", ids, ""); err != nil {
		// The person is inside, and on the list; that comes first.
		o.cfg.Logger.Error("a check-in could not be put on record", "err", err)
	}
	var faces []badge.Face
	for i, one := range all {
		name := a.Name
		if i > 0 {
			name = with[i-1]
		}
		face, err := o.face(r, a.Type, name, a.Company, a.Host, one.Badge, one.QR, o.where(), one.At)
		if err != nil {
			return "", err
		}
		faces = append(faces, o.laid(r, face))
	}
	page = rand.Text()
	o.shown.put(page, badgePage{Faces: faces, Visit: all[0].Visit.String(), New: true, Coming: o.print(r, faces)})
	return page, nil
}

// laid is a face with what stands on the house's badges.
func (o *Office) laid(r request, f badge.Face) badge.Face {
	return f.Lay(o.cfg.Node.Badges().Now(), string(r.Locale))
}

// face is what may stand on a badge.
func (o *Office) face(r request, kind string, name, company, host record.Private, code record.BadgeCode, payload, where string, at time.Time) (badge.Face, error) {
	grouped := badge.Group(code.String())
	qr, err := badge.SVG(payload, r.Text("badge.qr", map[string]any{"Code": grouped}))
	mark, accompanied := o.sign(kind)
	escort := ""
	if accompanied {
		escort = r.Text("badge.escort", nil)
	}
	return badge.Face{
		Campus: o.cfg.CampusName, Kind: o.onBadge(r, kind), Mark: mark, Escort: escort, Name: name.Reveal(), Company: company.Reveal(), Host: host.Reveal(),
		Code: grouped, At: at, QR: qr, Payload: payload, Where: where,
	}, err
}

// where is in which part of the house this desk is, for badges.
func (o *Office) where() string {
	m := o.cfg.Node.Self()
	return insideOf(record.Place{Site: record.SiteID(m.Site), Zone: record.ZoneID(m.Zone)})
}

// insideOf is the part of the house that a place is in.
func insideOf(p record.Place) string {
	if p.Zone == "" {
		return string(p.Site)
	}
	return string(p.Zone)
}

// print has badges printed where there is a label printer.
func (o *Office) print(r request, faces []badge.Face) bool {
	return o.cfg.Print != nil && o.cfg.Print(faces, func(key string) string { return r.Text(key, nil) })
}

func (o *Office) welcome(r request) (webkit.Response, error) {
	v, ok := o.shown.get(r.PathValue("page"))
	p, is := v.(badgePage)
	if !ok || !is {
		return nil, errGone
	}
	p.Frame = o.frame(r, "desk")
	return webkit.Page{Name: "badge", Data: p}, nil
}
