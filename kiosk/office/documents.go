package office

import (
	"cmp"
	"context"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/documents"
)

// documentsPage is what visitors read and sign, and the form for one more.
type documentsPage struct {
	Frame     frame
	Documents []documentLine
	ID, Name  string
	Faults    faults
}

// documentLine is one document in words.
type documentLine struct {
	ID, Word string
	Texts    []textLine
	Off      bool
}

// textLine is what a document says in one language. Was is the hash of what
// stood when the page was made.
type textLine struct {
	Lang, Word, Name, Body, Version, Hash string
	WasName                               string
	// Folded: nothing is written in it, and staff do not read it.
	Folded bool
}

func (o *Office) documents(r request) (webkit.Response, error) {
	return o.documentsPage(r, "", "", nil), nil
}

func (o *Office) documentsPage(r request, id, name string, f faults) webkit.Page {
	p := documentsPage{Frame: o.frame(r, "documents"), ID: id, Name: name, Faults: f}
	for _, d := range o.cfg.Node.Documents().List() {
		p.Documents = append(p.Documents, layDocument(r, d))
	}
	return webkit.Page{Name: "documents", Path: "/admin/documents", Data: p}
}

func layDocument(r request, d documents.Document) documentLine {
	l := documentLine{ID: d.ID, Word: d.Word(string(r.Locale)), Off: d.Off}
	for _, at := range lang.Visitors() {
		t := textLine{Lang: string(at), Word: at.Name(), Name: d.Name[string(at)], WasName: d.Name[string(at)]}
		if text, ok := d.Text[string(at)]; ok {
			t.Body, t.Version, t.Hash = text.Body, text.Version(), text.Hash
		}
		t.Folded = t.Body == "" && t.Name == "" && !slices.Contains(lang.Locales(), at)
		l.Texts = append(l.Texts, t)
	}
	return l
}

// addDocument makes a document, and goes on to its page.
func (o *Office) addDocument(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	id, name := r.Field("id"), r.Field("name")
	if _, known := o.cfg.Node.Documents().Get(id); known {
		return fault(r.Request, lang.Problem{Key: "papers.taken", Field: "id"}, func(f faults) webkit.Page { return o.documentsPage(r, id, name, f) })
	}
	d, err := o.cfg.Node.Documents().Put(ctx, r.by(), id, documents.Edit{Name: map[string]string{string(r.Locale): name}})
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page { return o.documentsPage(r, id, name, f) })
	}
	return webkit.Redirect{To: r.Link("/admin/documents/" + d.ID)}, nil
}

// documentPage is one document, and what can be changed.
type documentPage struct {
	Frame    frame
	Document documentLine
	Saved    bool
	Faults   faults
}

func (o *Office) document(r request) (documents.Document, error) {
	d, ok := o.cfg.Node.Documents().Get(r.PathValue("document"))
	if !ok {
		return d, lang.Problem{Key: "page.missing"}
	}
	return d, nil
}

func (o *Office) documentPage(r request) (webkit.Response, error) {
	d, err := o.document(r)
	if err != nil {
		return nil, err
	}
	return webkit.Page{Name: "document", Path: "/admin/documents/" + d.ID, Data: documentPage{
		Frame: o.frame(r, "documents"), Document: layDocument(r, d), Saved: r.URL.Query().Get("saved") != "",
	}}, nil
}

// changeDocument writes what was changed on the page, and nothing else. A text
// that another has replaced since the page was made is not written over.
func (o *Office) changeDocument(r request) (webkit.Response, error) {
	d, err := o.document(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	p := documentPage{Frame: o.frame(r, "documents"), Document: layDocument(r, d)}
	e := documents.Edit{Name: map[string]string{}, Text: map[string]string{}}
	for i := range p.Document.Texts {
		t := &p.Document.Texts[i]
		stands, body := t.Hash, r.Lines("text-"+t.Lang)
		t.Name, t.WasName, t.Hash = r.Field("name-"+t.Lang), r.Field("was-name-"+t.Lang), r.Field("was-text-"+t.Lang)
		if t.Name != t.WasName {
			e.Name[t.Lang] = t.Name
		}
		was, _ := o.cfg.Node.Documents().Kept(d.ID, t.Hash)
		if t.Body = body; body == was {
			continue
		}
		if e.Text[t.Lang] = body; stands != t.Hash {
			err = lang.Problem{Key: "papers.overtaken", Field: "text-" + t.Lang}
			t.Hash = stands
		}
	}
	if off := r.Field("off") != ""; off != (r.Field("was-off") != "") {
		p.Document.Off, e.Off = off, &off
	}
	if err == nil && !e.Empty() {
		_, err = o.cfg.Node.Documents().Put(ctx, r.by(), d.ID, e)
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return webkit.Page{Name: "document", Path: "/admin/documents/" + d.ID, Data: p}
		})
	}
	return webkit.Redirect{To: r.Link("/admin/documents/" + d.ID + "?saved=1")}, nil
}

// signedLine is a signature as the desk shows it.
type signedLine struct {
	Word, Version, Hash, At, How string
	Name                         record.Private
	// Drawing are the strokes, for the attribute of a path.
	Drawing string
	// Text is what was read; empty where this node does not know it. Old:
	// another text is in force by now.
	Text, Lang string
	Old        bool
}

func (o *Office) signed(r request, all []record.Signature) (out []signedLine) {
	now := o.cfg.Clock()
	for _, s := range all {
		l := signedLine{
			Word: s.Document, Version: s.Version, Hash: s.Hash, How: wordOf(r, signedWords, s.How), Name: s.Name, Lang: s.Lang,
			At: o.moment(r, millis(s.At), now), Drawing: path(s.Drawing.Reveal()), Old: !o.cfg.Node.Documents().Stands(s.Document, s.Hash),
		}
		if d, ok := o.cfg.Node.Documents().Get(s.Document); ok {
			l.Word = cmp.Or(d.Word(string(r.Locale)), s.Document)
		}
		l.Text, _ = o.cfg.Node.Documents().Kept(s.Document, s.Hash)
		out = append(out, l)
	}
	return out
}

var signedWords = map[string]string{"typed": "papers.typed", "drawn": "papers.drawn", "paper": "papers.on_paper"}
