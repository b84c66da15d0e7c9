package webkit

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

// funcs are the words that templates may use.
//
//	T "key" "Name" v …   a sentence of the catalog; an int "Count" picks the plural
//	link "/path"         a link that keeps the language
//	asset "name"         the checksum URL of a static file
//	look                 the house's sheet and logo: CSS, Logo, Width, Height, On
//	icon "name"          an inline drawing, hidden from screen readers
//	clock, seconds       the time of day, without and with seconds
//	date, day            the date in words, in figures
//	rfc t                the time for the datetime attribute
//	locales, name l      the languages that are offered, what one calls itself
//	code "7K3M"          what is read from left to right in any language
//	dict "Key" v …       a map, to hand several values to a template
func funcs(cfg Config, l lang.Locale, a *assets, w *wardrobe, icons map[string]template.HTML) template.FuncMap {
	return template.FuncMap{
		"T": func(key string, args ...any) (string, error) {
			m, err := dict(args...)
			if err != nil {
				return "", fmt.Errorf("text of %s: %w", key, err)
			}
			return cfg.Catalog.Text(l, key, m), nil
		},
		"link":    func(path string) string { return keepLanguage(path, l) },
		"switch":  func(path string, to lang.Locale) string { return keepLanguage(path, to) },
		"asset":   a.link,
		"look":    w.wear,
		"locale":  func() lang.Locale { return l },
		"locales": func() []lang.Locale { return cfg.Locales },
		"name":    cfg.Catalog.Name,
		"code": func(s string) template.HTML {
			return template.HTML(`<bdi dir="ltr">` + template.HTMLEscapeString(s) + `</bdi>`)
		},
		"clock":   func(t time.Time) string { return l.Clock(t.In(cfg.Zone)) },
		"seconds": func(t time.Time) string { return l.ClockSeconds(t.In(cfg.Zone)) },
		"date":    func(t time.Time) string { return l.Date(t.In(cfg.Zone)) },
		"day":     func(t time.Time) string { return l.ShortDate(t.In(cfg.Zone)) },
		"rfc":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"dict":    dict,
		"icon": func(name string) (template.HTML, error) {
			if svg, ok := icons[name]; ok {
				return svg, nil
			}
			return "", fmt.Errorf("no icon %s", name)
		},
	}
}

func keepLanguage(path string, l lang.Locale) string {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + "lang=" + url.QueryEscape(string(l))
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("want pairs of name and value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		k, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("name %v is not a string", pairs[i])
		}
		m[k] = pairs[i+1]
	}
	return m, nil
}

// readIcons reads icons/*.svg, which are ours and therefore safe to inline.
func readIcons(fsys fs.FS) (map[string]template.HTML, error) {
	files, err := fs.Glob(fsys, "icons/*.svg")
	if err != nil {
		return nil, err
	}
	icons := map[string]template.HTML{}
	for _, f := range files {
		buf, err := fs.ReadFile(fsys, f)
		if err != nil {
			return nil, fmt.Errorf("read icon: %w", err)
		}
		icons[strings.TrimSuffix(path.Base(f), ".svg")] = template.HTML(strings.TrimSpace(string(buf)))
	}
	return icons, nil
}
