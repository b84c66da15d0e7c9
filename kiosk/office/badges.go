package office

import (
	"bytes"
	"context"
	"image/png"
	"net/url"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/kinds"
)

// badgesPage is what stands on badges, and how that looks. Was is what each field said
// when the page was made.
type badgesPage struct {
	Frame           frame
	Parts           []tickLine
	Shapes          []choice
	WasShape        badges.Shape
	Given, WasGiven bool
	Back, WasBack   bool
	Foots           []footLine
	Looks           badgeLooks
	Done            string
	Faults          faults
}

// footLine is the text at the foot in one language.
type footLine struct{ Lang, Word, Text, Was string }

// badgeLooks is a badge of nobody as it would be: on a screen's printer, and on a
// label.
type badgeLooks struct {
	Face badge.Face
	// Picture is where the page finds the label; Size says how large it is.
	Picture, Size string
}

var (
	partWords = map[badges.Part]string{
		badges.Campus: "badges.campus", badges.Photo: "badges.photo", badges.Company: "badges.company",
		badges.Host: "badges.host", badges.Where: "badges.where", badges.Since: "badges.since",
	}
	shapeWords = map[badges.Shape]string{badges.Card: "badges.card", badges.Label: "badges.label", badges.None: "badges.none"}
	// ofBadges are the languages that badges are in.
	ofBadges = []lang.Locale{lang.Swedish, lang.English}
)

func (o *Office) badges(r request) (webkit.Response, error) {
	return o.badgesPage(r, badgesPage{}, o.cfg.Node.Badges().Now()), nil
}

// badgesPage shows a layout; the one that stands is what the fields were.
func (o *Office) badgesPage(r request, p badgesPage, l badges.Layout) webkit.Page {
	was := o.cfg.Node.Badges().Now()
	p.Frame, p.WasShape = o.frame(r, "settings"), was.Shape
	p.Given, p.WasGiven, p.Back, p.WasBack = l.Given, was.Given, l.Back, was.Back
	for _, part := range badges.Parts() {
		p.Parts = append(p.Parts, tickLine{Name: string(part), Word: r.Text(partWords[part], nil), On: l.Shown[part], Was: was.Shown[part]})
	}
	for _, s := range badges.Shapes() {
		p.Shapes = append(p.Shapes, choice{Value: string(s), Word: r.Text(shapeWords[s], nil), Chosen: s == l.Shape})
	}
	for _, in := range ofBadges {
		p.Foots = append(p.Foots, footLine{Lang: string(in), Word: in.Name(), Text: l.Foot[string(in)], Was: was.Foot[string(in)]})
	}
	p.Looks = o.badgeLooks(r, l)
	return webkit.Page{Name: "badges", Path: "/admin/badges", Data: p}
}

// asked is what a form, or an address, says of a layout: all of it, whatever it was.
func asked(field func(string) string) badges.Edit {
	shape, given, back := badges.Shape(field("shape")), field("given") != "", field("back") != ""
	e := badges.Edit{Shape: &shape, Given: &given, Back: &back, Shown: map[badges.Part]bool{}, Foot: map[string]string{}}
	for _, part := range badges.Parts() {
		e.Shown[part] = field("show-"+string(part)) != ""
	}
	for _, l := range ofBadges {
		e.Foot[string(l)] = field("foot-" + string(l))
	}
	return e
}

// changed is what of it differs from what the form said when it was made: what
// another operator changes meanwhile stays.
func changed(r request, e badges.Edit) badges.Edit {
	out := badges.Edit{Shown: map[badges.Part]bool{}, Foot: map[string]string{}}
	if string(*e.Shape) != r.Field("was-shape") {
		out.Shape = e.Shape
	}
	if *e.Given != (r.Field("was-given") != "") {
		out.Given = e.Given
	}
	if *e.Back != (r.Field("was-back") != "") {
		out.Back = e.Back
	}
	for part, on := range e.Shown {
		if on != (r.Field("was-show-"+string(part)) != "") {
			out.Shown[part] = on
		}
	}
	for l, text := range e.Foot {
		if text != r.Field("was-foot-"+l) {
			out.Foot[l] = text
		}
	}
	return out
}

// badgeLooks draws a badge of nobody.
func (o *Office) badgeLooks(r request, l badges.Layout) badgeLooks {
	q := url.Values{"shape": {string(l.Shape)}, "lang": {string(r.Locale)}}
	for part, on := range l.Shown {
		if on {
			q.Set("show-"+string(part), "yes")
		}
	}
	if l.Given {
		q.Set("given", "yes")
	}
	size := o.labelSize()
	return badgeLooks{
		Face: o.nobody(r, l), Picture: "/admin/badges/label.png?" + q.Encode(),
		Size: r.Text("badges.size", map[string]any{"Width": size.Width, "Height": size.Height}),
	}
}

// nobody is a face of somebody who does not exist, of the first type that has a sign
// or is to be accompanied.
func (o *Office) nobody(r request, l badges.Layout) badge.Face {
	kind := kinds.Default
	for _, k := range o.cfg.Node.Kinds().Offered() {
		if k.Mark != "" || k.Escort {
			kind = k.ID
			break
		}
	}
	// A text that is always the same fits.
	face, _ := o.face(r, kind, "Åsa Öberg Lind", "Ångpanna & Söner AB", "Björn Ek", 0, nobodysQR, o.where(), o.cfg.Clock())
	face.Code, face.Photo, face.PhotoAt = "7KQ2-M4XZ", silhouette(), "/admin/badges/photo.png"
	return face.Lay(l, string(r.Locale))
}

// nobodysQR is as long as a badge's, and opens nothing.
const nobodysQR = "UPPROP EXAMPLE: THIS CODE BELONGS TO NOBODY, OPENS NOTHING AND CHECKS NOBODY OUT. IT IS AS LONG AS THAT OF A BADGE IS, SO THAT IT LOOKS ALIKE."

// previewBadge is how a layout looks that is being chosen; nothing is saved.
func (o *Office) previewBadge(r request) (webkit.Response, error) {
	q := r.URL.Query()
	html, err := r.Fragment("badges", "badge-looks", o.badgeLooks(r, asked(q.Get).Over(o.cfg.Node.Badges().Now())))
	return webkit.Data{Value: map[string]string{"html": string(html)}}, err
}

// labelSize is that of this node's label printer, else of a common label.
func (o *Office) labelSize() badge.Size {
	if s, _ := o.cfg.Node.Labels().Settings(); len(s.Printers) > 0 {
		return badge.Size{Width: s.Width, Height: s.Height, DPI: s.DPI}
	}
	return commonLabel
}

var commonLabel = badge.Size{Width: 76, Height: 51, DPI: 203}

// labelPicture draws the label of a layout.
func (o *Office) labelPicture(r request) (webkit.Response, error) {
	var err error
	face := o.nobody(r, asked(r.URL.Query().Get).Over(o.cfg.Node.Badges().Now()))
	w := face.Words(func(key string) string { return r.Text(key, nil) }, o.cfg.Zone)
	if len(face.Photo) > 0 {
		if w.Photo, err = png.Decode(bytes.NewReader(face.Photo)); err != nil {
			return nil, err
		}
	}
	if m := o.cfg.Node.Look().Now().Logo.Flat(); m != nil && !face.NoCampus {
		w.Logo = m
	}
	drawn, err := badge.Draw(w, o.labelSize())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, drawn); err != nil {
		return nil, err
	}
	return webkit.File{Type: "image/png", Name: "label.png", Body: out.Bytes()}, nil
}

// nobodysPhoto is a picture of nobody.
func (o *Office) nobodysPhoto(request) (webkit.Response, error) {
	return webkit.File{Type: "image/png", Name: "photo.png", Body: silhouette(), Version: "1"}, nil
}

// changeBadges does the one thing that was pressed.
func (o *Office) changeBadges(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	e := asked(r.Field)
	if r.Field("do") == "show" {
		return o.badgesPage(r, badgesPage{}, e.Over(o.cfg.Node.Badges().Now())), nil
	}
	if c := changed(r, e); !c.Empty() {
		if err := o.cfg.Node.Badges().Set(ctx, r.by(), c); err != nil {
			return fault(r.Request, err, func(f faults) webkit.Page {
				return o.badgesPage(r, badgesPage{Faults: f}, e.Over(o.cfg.Node.Badges().Now()))
			})
		}
	}
	return o.badgesPage(r, badgesPage{Done: r.Text("badges.saved", nil)}, o.cfg.Node.Badges().Now()), nil
}
