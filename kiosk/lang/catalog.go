package lang

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

//go:embed sv.toml en.toml
var base embed.FS

// Base is the catalog that all screens share and the visitor's screens use.
func Base() fs.FS { return base }

// Catalog answers keys with sentences. It is safe for concurrent use.
type Catalog struct {
	speak map[Locale]*i18n.Localizer
	keys  map[string]bool
}

// Load reads the base catalog and then more, each with one file per locale
// ("sv.toml") at its root. A key that comes twice is an error: a screen may
// add words, not change those of another.
func Load(more ...fs.FS) (*Catalog, error) {
	bundle := i18n.NewBundle(language.Swedish)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	c := &Catalog{speak: map[Locale]*i18n.Localizer{}, keys: map[string]bool{}}
	for _, l := range locales {
		seen := map[string]bool{}
		for _, fsys := range append([]fs.FS{base}, more...) {
			name := string(l) + ".toml"
			buf, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, fmt.Errorf("read catalog: %w", err)
			}
			file, err := bundle.ParseMessageFileBytes(buf, name)
			if err != nil {
				return nil, fmt.Errorf("parse catalog %s: %w", name, err)
			}
			for _, m := range file.Messages {
				if seen[m.ID] {
					return nil, fmt.Errorf("parse catalog %s: key %s comes twice", name, m.ID)
				}
				seen[m.ID] = true
			}
		}
		maps.Copy(c.keys, seen)
		c.speak[l] = i18n.NewLocalizer(bundle, string(l))
	}
	return c, nil
}

// Has reports whether the key is known.
func (c *Catalog) Has(key string) bool { return c.keys[key] }

// Text is the sentence for a key. args fill its placeholders; an integer
// under "Count" picks the plural form. A key that nobody knows is answered
// with itself: a page without one word beats no page.
func (c *Catalog) Text(l Locale, key string, args map[string]any) string {
	s, err := c.speak[l].Localize(&i18n.LocalizeConfig{
		MessageID: key, TemplateData: args, PluralCount: args["Count"],
	})
	if err != nil || s == "" {
		// One that has a single form is the same for one and for many.
		s, err = c.speak[l].Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: args})
	}
	if err != nil || s == "" {
		return key
	}
	return s
}
