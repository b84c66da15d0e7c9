package office

import (
	"context"
	"html/template"
	"slices"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/kinds"
)

// typesPage is the types of visitors, and the form for one more.
type typesPage struct {
	Frame    frame
	Types    []typeLine
	ID, Name string
	Faults   faults
}

// typeLine is one type in words.
type typeLine struct {
	ID, Word, Asks    string
	Sign              template.HTML
	Signs             []string
	Unattended, Group bool
	Escort, Off       bool
}

func (o *Office) types(r request) (webkit.Response, error) {
	return o.typesPage(r, "", "", nil), nil
}

func (o *Office) typesPage(r request, id, name string, f faults) webkit.Page {
	p := typesPage{Frame: o.frame(r, "types"), ID: id, Name: name, Faults: f}
	for _, k := range o.cfg.Node.Kinds().List() {
		p.Types = append(p.Types, o.typeLine(r, k))
	}
	return webkit.Page{Name: "types", Path: "/admin/types", Data: p}
}

func (o *Office) typeLine(r request, k kinds.Kind) typeLine {
	l := typeLine{ID: k.ID, Sign: signOf(k.Mark), Word: k.Word(string(r.Locale)), Unattended: k.Unattended, Group: k.Group, Escort: k.Escort, Off: k.Off}
	for _, f := range kinds.Fields() {
		if k.Ask[f] == kinds.No {
			continue
		}
		if l.Asks != "" {
			l.Asks += ", "
		}
		l.Asks += r.Text(fieldWords[f], nil)
		if k.Ask[f] == kinds.Must {
			l.Asks += " *"
		}
	}
	for _, id := range k.Documents {
		if d, ok := o.cfg.Node.Documents().Get(id); ok && !d.Off {
			l.Signs = append(l.Signs, d.Word(string(r.Locale)))
		}
	}
	return l
}

var fieldWords = map[string]string{
	"host": "desk.host", "company": "desk.company", "phone": "desk.phone", "email": "desk.email",
	"purpose": "desk.purpose", "assist": "types.assist", "photo": "photo.field",
}

// addType makes a type, and goes on to its page.
func (o *Office) addType(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	id, name := r.Field("id"), r.Field("name")
	if _, known := o.cfg.Node.Kinds().Get(id); known && id != "" {
		return fault(r.Request, lang.Problem{Key: "types.taken", Field: "id"}, func(f faults) webkit.Page { return o.typesPage(r, id, name, f) })
	}
	k, err := o.cfg.Node.Kinds().Put(ctx, r.by(), id, kinds.Edit{Name: map[string]string{string(r.Locale): name}})
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.typesPage(r, id, name, f) })
	}
	return webkit.Redirect{To: r.Link("/admin/types/" + k.ID)}, nil
}

// typePage is one type, and what can be changed. Was is what each field said
// when the page was made: only what is changed on it is written, so that what
// another operator changes meanwhile stays.
type typePage struct {
	Frame frame
	Type  kinds.Kind
	Word  string
	// Languages are those of staff, More the others that visitors are spoken to in.
	Languages, More []languageLine
	Asks            []askLine
	Ticks           []tickLine
	Papers          []tickLine
	Wifi, WasWifi   kinds.Wifi
	// Approval is whose approval is needed, WasApproval what it said.
	Approval    []choice
	WasApproval string
	// Marks are the signs to choose among, Sign the one that is, WasMark what it said.
	Marks   []choice
	Sign    template.HTML
	WasMark string
	Saved   bool
	Faults  faults
}

// languageLine is what a type is called in one language.
type languageLine struct{ Lang, Word, Name, Badge, Note, WasName, WasBadge, WasNote string }

type askLine struct {
	Field, Word, Was string
	Choices          []choice
}

// tickLine is something that is so or not.
type tickLine struct {
	Name, Word, Hint string
	On, Was, Fixed   bool
}

func (o *Office) kind(r request) (kinds.Kind, error) {
	k, ok := o.cfg.Node.Kinds().Get(r.PathValue("type"))
	if !ok {
		return k, lang.Problem{Key: "page.missing"}
	}
	return k, nil
}

func (o *Office) typePage(r request) (webkit.Response, error) {
	k, err := o.kind(r)
	if err != nil {
		return nil, err
	}
	p := o.layType(r, k)
	p.Saved = r.URL.Query().Get("saved") != ""
	return webkit.Page{Name: "type", Path: "/admin/types/" + k.ID, Data: p}, nil
}

// lines are all languages of the page.
func (p *typePage) lines() (out []*languageLine) {
	for _, some := range [][]languageLine{p.Languages, p.More} {
		for i := range some {
			out = append(out, &some[i])
		}
	}
	return out
}

func (o *Office) layType(r request, k kinds.Kind) typePage {
	p := typePage{Frame: o.frame(r, "types"), Type: k, Word: k.Word(string(r.Locale)), Wifi: k.Wifi, WasWifi: k.Wifi}
	for _, l := range lang.Visitors() {
		s := string(l)
		line := languageLine{s, l.Name(), k.Name[s], k.Badge[s], k.Note[s], k.Name[s], k.Badge[s], k.Note[s]}
		if slices.Contains(lang.Locales(), l) {
			p.Languages = append(p.Languages, line)
		} else {
			p.More = append(p.More, line)
		}
	}
	for _, f := range kinds.Fields() {
		a := askLine{Field: f, Word: r.Text(fieldWords[f], nil), Was: string(k.Ask[f])}
		for _, c := range []struct {
			asked kinds.Asked
			key   string
		}{{kinds.No, "types.no"}, {kinds.May, "types.may"}, {kinds.Must, "types.must"}} {
			if c.asked != kinds.Must || f != "assist" && f != kinds.Photo {
				a.Choices = append(a.Choices, choice{Value: string(c.asked), Word: r.Text(c.key, nil), Chosen: k.Ask[f] == c.asked})
			}
		}
		p.Asks = append(p.Asks, a)
	}
	p.approval(r, k.Approval)
	p.WasApproval = string(k.Approval)
	p.marks(r, k.Mark)
	p.WasMark = string(k.Mark)
	p.Ticks = []tickLine{
		{Name: "unattended", Word: r.Text("types.unattended", nil), Hint: r.Text("types.unattended_hint", nil), On: k.Unattended, Was: k.Unattended},
		{Name: "group", Word: r.Text("types.group", nil), Hint: r.Text("types.group_hint", nil), On: k.Group, Was: k.Group},
		{Name: "escort", Word: r.Text("types.escort", nil), Hint: r.Text("types.escort_hint", nil), On: k.Escort, Was: k.Escort},
		{Name: "off", Word: r.Text("types.off", nil), Hint: r.Text("types.off_hint", nil), On: k.Off, Was: k.Off, Fixed: k.ID == kinds.Default},
	}
	for _, d := range o.cfg.Node.Documents().List() {
		if signs := slices.Contains(k.Documents, d.ID); signs || !d.Off {
			p.Papers = append(p.Papers, tickLine{Name: d.ID, Word: d.Word(string(r.Locale)), On: signs, Was: signs})
		}
	}
	return p
}

func (p *typePage) approval(r request, chosen kinds.Approval) {
	p.Approval = nil
	for _, c := range []struct {
		value kinds.Approval
		key   string
	}{{kinds.NotNeeded, "types.approval_no"}, {kinds.ByOne, "types.approval_one"}, {kinds.ByAnother, "types.approval_another"}} {
		p.Approval = append(p.Approval, choice{Value: string(c.value), Word: r.Text(c.key, nil), Chosen: c.value == chosen})
	}
}

func (p *typePage) marks(r request, chosen kinds.Mark) {
	p.Marks = []choice{{Word: r.Text("types.mark_none", nil), Chosen: chosen == ""}}
	for _, m := range kinds.Marks() {
		p.Marks = append(p.Marks, choice{Value: string(m), Word: r.Text(markWords[m], nil), Chosen: m == chosen})
	}
	p.Sign = signOf(chosen)
}

var markWords = map[kinds.Mark]string{
	"circle": "types.mark_circle", "square": "types.mark_square", "triangle": "types.mark_triangle",
	"diamond": "types.mark_diamond", "star": "types.mark_star", "hexagon": "types.mark_hexagon",
}

// signOf is a type's sign for a page.
func signOf(m kinds.Mark) template.HTML {
	sign, _ := badge.MarkOf(string(m))
	return sign.SVG()
}

// changeType writes what was changed on the page.
func (o *Office) changeType(r request) (webkit.Response, error) {
	k, err := o.kind(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	p := o.layType(r, k)
	if e := p.edit(r); !e.Empty() {
		_, err = o.cfg.Node.Kinds().Put(ctx, r.by(), k.ID, e)
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return webkit.Page{Name: "type", Path: "/admin/types/" + k.ID, Data: p}
		})
	}
	return webkit.Redirect{To: r.Link("/admin/types/" + k.ID + "?saved=1")}, nil
}

// edit is what a sent page changes; the page shows what was sent.
func (p *typePage) edit(r request) kinds.Edit {
	e := kinds.Edit{Name: map[string]string{}, Badge: map[string]string{}, Note: map[string]string{}, Ask: map[string]kinds.Asked{}, Documents: map[string]bool{}}
	for _, l := range p.lines() {
		for _, x := range []struct {
			field    string
			now, was *string
			to       map[string]string
		}{{"name-" + l.Lang, &l.Name, &l.WasName, e.Name}, {"badge-" + l.Lang, &l.Badge, &l.WasBadge, e.Badge}} {
			if *x.now, *x.was = r.Field(x.field), r.Field("was-"+x.field); *x.now != *x.was {
				x.to[l.Lang] = *x.now
			}
		}
		if l.Note, l.WasNote = r.Lines("note-"+l.Lang), r.Lines("was-note-"+l.Lang); l.Note != l.WasNote {
			e.Note[l.Lang] = l.Note
		}
	}
	p.Wifi = kinds.Wifi{Network: r.Field("network"), Password: r.Field("password")}
	p.WasWifi = kinds.Wifi{Network: r.Field("was-network"), Password: r.Field("was-password")}
	if p.Wifi != p.WasWifi {
		wifi := p.Wifi
		e.Wifi = &wifi
	}
	for i := range p.Asks {
		a := &p.Asks[i]
		now := r.Field("ask-" + a.Field)
		a.Was = r.Field("was-ask-" + a.Field)
		if now != a.Was {
			e.Ask[a.Field] = kinds.Asked(now)
		}
		for j := range a.Choices {
			a.Choices[j].Chosen = a.Choices[j].Value == now
		}
	}
	now := kinds.Approval(r.Field("approval"))
	if p.WasApproval = r.Field("was-approval"); string(now) != p.WasApproval {
		e.Approval = &now
	}
	p.approval(r, now)
	mark := kinds.Mark(r.Field("mark"))
	if p.WasMark = r.Field("was-mark"); string(mark) != p.WasMark {
		e.Mark = &mark
	}
	p.marks(r, mark)
	for i := range p.Ticks {
		t := &p.Ticks[i]
		t.On, t.Was = r.Field(t.Name) != "", r.Field("was-"+t.Name) != ""
		if t.On == t.Was || t.Fixed {
			continue
		}
		on := t.On
		switch t.Name {
		case "unattended":
			e.Unattended = &on
		case "group":
			e.Group = &on
		case "escort":
			e.Escort = &on
		case "off":
			e.Off = &on
		}
	}
	for i := range p.Papers {
		t := &p.Papers[i]
		if t.On, t.Was = r.Field("signs-"+t.Name) != "", r.Field("was-signs-"+t.Name) != ""; t.On != t.Was {
			e.Documents[t.Name] = t.On
		}
	}
	return e
}
