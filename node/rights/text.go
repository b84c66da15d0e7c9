package rights

import (
	"cmp"
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

//go:embed text/*.txt
var texts embed.FS

// Lang is a language of what is written to people.
type Lang string

// The languages.
const (
	Swedish Lang = "sv"
	English Lang = "en"
)

// ErrLang means a language that nothing is written in.
var ErrLang = &Problem{"document.lang", "nothing is written in that language: write sv or en"}

// render writes one of the texts. data may hold what is personal: the result is
// for the person, and for no log.
func render(name string, lang Lang, data any) (record.Private, error) {
	if lang != Swedish && lang != English {
		return "", ErrLang
	}
	file := "text/" + name + "." + string(lang) + ".txt"
	t, err := template.New("").Funcs(template.FuncMap{
		"time":      func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"day":       func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"date":      func(d record.Day) string { return d.Start().Format(time.DateOnly) },
		"event":     func(s string) string { return phrase(lang, "event", s) },
		"datum":     func(s string) string { return phrase(lang, "datum", s) },
		"recipient": func(s string) string { return phrase(lang, "recipient", s) },
		"change":    func(s string) string { return phrase(lang, "change", s) },
		"consent":   func(s string) string { return phrase(lang, "consent", s) },
		"signed":    signed,
		"kind":      func(k Kind) string { return phrase(lang, "kind", string(k)) },
		"role":      func(s string) string { return phrase(lang, "role", s) },
		"place": func(e Event) string {
			return cmp.Or(string(e.Place.Entrance), string(e.Place.Zone), string(e.Place.Site))
		},
	}).ParseFS(texts, file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	var out strings.Builder
	if err := t.ExecuteTemplate(&out, name+"."+string(lang)+".txt", data); err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	return record.Private(out.String()), nil
}

type line struct {
	Name  string
	Value record.Private
}

// Text is the extract in plain words. Errors: ErrLang.
func (s *Service) Text(x Extract, lang Lang) (record.Private, error) {
	p := x.Particulars
	var data []line
	for _, l := range []struct {
		datum string
		value record.Private
	}{
		{"name", p.Name},
		{"company", p.Company},
		{"host", p.Host},
		{"email", p.Email},
		{"phone", p.Phone},
		{"purpose", p.Purpose},
		{"assist", p.Assist},
		{"lang", record.Private(p.Lang)},
	} {
		if l.value != "" {
			data = append(data, line{phrase(lang, "datum", l.datum), l.value})
		}
	}
	if n := len(p.Photo.Picture); n > 0 {
		data = append(data, line{phrase(lang, "datum", "photo"), photographed(p.Photo, lang)})
	}
	for _, g := range p.Signed {
		data = append(data, line{phrase(lang, "datum", "signed"), signed(g)})
	}
	x.Reasons = s.inLang(x.Reasons, lang)
	return render("extract", lang, map[string]any{
		"X": x, "Data": data, "Consents": s.given(p.Consents), "Campus": s.cfg.Campus(),
	})
}

// photographed tells of a photograph on one line; the picture itself goes with the
// extract.
func photographed(p record.Photo, lang Lang) record.Private {
	form := "JPEG, %d bytes, taken %s (%s); the picture itself is in the copy for machines"
	if lang == Swedish {
		form = "JPEG, %d byte, taget %s (%s); själva bilden finns i kopian för datorer"
	}
	return record.Private(fmt.Sprintf(form, len(p.Picture), p.Taken.Format("2006-01-02 15:04:05"), p.How))
}

// signed is a signature on one line: which document, in which version and when.
func signed(g record.Signature) record.Private {
	at := time.UnixMilli(g.At).UTC().Format("2006-01-02 15:04:05")
	s := fmt.Sprintf("%s %s (%s), %s, %s, SHA-256 %s", g.Document, g.Version, g.Lang, at, g.How, g.Hash)
	if g.Name != "" {
		s += ", " + g.Name.Reveal()
	}
	return record.Private(s)
}
