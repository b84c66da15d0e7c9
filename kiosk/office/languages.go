package office

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/languages"
)

// languagesPage is in which languages visitors are spoken to.
type languagesPage struct {
	Frame frame
	// Offered are those that the doors offer, in order; Others are spoken, too.
	Offered, Others []tongueLine
	// Templates are those of which the words can be had, to be translated.
	Templates []choice
	// Tag is what the form has.
	Tag       string
	Kilobytes int
	// Wrong is what is wrong with a file, phrase by phrase.
	Wrong  []string
	Done   string
	Faults faults
}

// tongueLine is one language.
type tongueLine struct {
	Lang, Name string
	// Added: an operator has, by a file of so many bytes. Lacks is what its file
	// lacks since the program has other words.
	Added bool
	Bytes int
	Lacks []string
	// First and Last are where it stands among those offered.
	First, Last bool
}

func (o *Office) languages(r request) (webkit.Response, error) {
	return o.languagesPage(r, languagesPage{}), nil
}

func (o *Office) languagesPage(r request, p languagesPage) webkit.Page {
	book := o.cfg.Node.Languages()
	p.Frame, p.Kilobytes = o.frame(r, "settings"), languages.MaxFile>>10
	offered, lines := book.Offered(), map[string]tongueLine{}
	for _, l := range book.List() {
		line := tongueLine{Lang: l.Lang, Name: lang.Locale(l.Lang).Name(), Added: l.File != nil, Bytes: len(l.File)}
		if l.File != nil {
			line.Name = ownName(l)
			if err := book.Check(l.Lang, l.File); err != nil {
				line.Lacks = strings.Split(err.Error(), "; ")
			}
		}
		lines[l.Lang] = line
		if !slices.Contains(offered, l.Lang) {
			p.Others = append(p.Others, line)
		}
	}
	for i, l := range offered {
		line := lines[l]
		line.First, line.Last = i == 0, i == len(offered)-1
		p.Offered = append(p.Offered, line)
	}
	if o.cfg.LanguageTemplate != nil {
		for _, l := range lang.Visitors() {
			p.Templates = append(p.Templates, choice{Value: string(l), Word: l.Name()})
		}
	}
	return webkit.Page{Name: "languages", Path: "/admin/languages", Data: p}
}

// ownName is what an added language calls itself.
func ownName(l languages.Language) string {
	words, err := lang.Messages(lang.Locale(l.Lang), l.File)
	if err != nil || words["language.name"] == nil {
		return l.Lang
	}
	return words["language.name"].Other
}

// changeLanguages does the one thing that was pressed.
func (o *Office) changeLanguages(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	book, tag, p := o.cfg.Node.Languages(), r.Field("tag"), languagesPage{}
	var err error
	said := ""
	switch do := r.Field("do"); do {
	case "add":
		p.Tag = tag
		if tag, err = o.addLanguage(ctx, r, tag); err == nil {
			said = "languages.added"
		}
	case "remove":
		if err = book.Remove(ctx, r.by(), tag); err == nil {
			said = "languages.removed"
		}
	default:
		err = book.Offer(ctx, r.by(), moved(book.Offered(), tag, do))
		said = "languages.saved"
	}
	var file *languages.FileError
	if errors.As(err, &file) {
		p.Wrong = strings.Split(errors.Unwrap(file).Error(), "; ")
		page := o.languagesPage(r, p)
		page.Status = 422
		return page, nil
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.languagesPage(r, p)
		})
	}
	return o.languagesPage(r, languagesPage{Done: r.Text(said, map[string]any{"Lang": tag})}), nil
}

// addLanguage takes a file in; without a tag its name is that.
func (o *Office) addLanguage(ctx context.Context, r request, tag string) (string, error) {
	file, err := r.File("file")
	if err != nil {
		return tag, err
	}
	if len(file) == 0 {
		return tag, lang.Problem{Key: "languages.no_file", Field: "file"}
	}
	if tag == "" {
		name := r.MultipartForm.File["file"][0].Filename
		tag = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	}
	return tag, o.cfg.Node.Languages().Add(ctx, r.by(), tag, file)
}

// moved are the languages offered, with one moved, put in or taken out.
func moved(all []string, one, do string) []string {
	at := slices.Index(all, one)
	switch {
	case do == "in" && at < 0:
		return append(all, one)
	case do == "out" && at >= 0:
		return slices.Delete(all, at, at+1)
	case do == "up" && at > 0:
		all[at-1], all[at] = all[at], all[at-1]
	case do == "down" && at >= 0 && at < len(all)-1:
		all[at+1], all[at] = all[at], all[at+1]
	}
	return all
}

// languageTemplate is a language's words as a file to be translated.
func (o *Office) languageTemplate(r request) (webkit.Response, error) {
	l := r.PathValue("lang")
	if o.cfg.LanguageTemplate == nil || !slices.Contains(lang.Visitors(), lang.Locale(l)) {
		return nil, lang.Problem{Key: "page.missing"}
	}
	file, err := o.cfg.LanguageTemplate(l)
	if err != nil {
		return nil, err
	}
	return webkit.File{Type: "text/plain; charset=utf-8", Name: l + ".toml", Body: file}, nil
}
