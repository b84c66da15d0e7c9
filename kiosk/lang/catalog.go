package lang

import (
	"embed"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

//go:embed *.toml
var base embed.FS

// Base is the catalog that all screens share and the visitor's screens use.
func Base() fs.FS { return base }

// Catalog answers keys with sentences. It is safe for concurrent use.
type Catalog struct {
	speak map[Locale]*i18n.Localizer
	// rtl are the locales that are written from the right.
	rtl  map[Locale]bool
	keys map[string]bool
}

// Extra is a language that an operator has added: a file like those of the base
// catalog, with the words of all screens for visitors in it.
type Extra struct {
	Locale Locale
	TOML   []byte
}

// Load reads the catalog of screens for staff: the base catalog and then more,
// each with one file per locale ("sv.toml") at its root. A key that comes twice
// is an error: a screen may add words, not change those of another.
func Load(more ...fs.FS) (*Catalog, error) { return load(staff, nil, more) }

// LoadVisitors is Load for screens that visitors see, in all languages that the
// program comes with and those that an operator has added.
func LoadVisitors(extra []Extra, more ...fs.FS) (*Catalog, error) {
	return load(visitors, extra, more)
}

func load(locales []Locale, extra []Extra, more []fs.FS) (*Catalog, error) {
	c := &Catalog{speak: map[Locale]*i18n.Localizer{}, rtl: map[Locale]bool{}, keys: map[string]bool{}}
	for _, l := range locales {
		var files [][]byte
		for _, fsys := range append([]fs.FS{base}, more...) {
			buf, err := fs.ReadFile(fsys, string(l)+".toml")
			if err != nil {
				return nil, fmt.Errorf("read catalog: %w", err)
			}
			files = append(files, buf)
		}
		if err := c.add(l, files...); err != nil {
			return nil, err
		}
	}
	for _, x := range extra {
		if c.speak[x.Locale] != nil {
			return nil, fmt.Errorf("the program speaks %s already", x.Locale)
		}
		if err := c.add(x.Locale, x.TOML); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// add reads the files of one locale. Each locale is a bundle of its own: which
// language stands in for which is for Text to say.
func (c *Catalog) add(l Locale, files ...[]byte) error {
	tag, err := language.Parse(string(l))
	if err != nil {
		return fmt.Errorf("read catalog: %w", err)
	}
	bundle, seen := newBundle(tag), map[string]bool{}
	for _, buf := range files {
		file, err := bundle.ParseMessageFileBytes(buf, tag.String()+".toml")
		if err != nil {
			return fmt.Errorf("parse catalog %s: %w", l, err)
		}
		for _, m := range file.Messages {
			if seen[m.ID] {
				return fmt.Errorf("parse catalog %s: key %s comes twice", l, m.ID)
			}
			seen[m.ID] = true
			c.keys[m.ID] = true
		}
	}
	c.speak[l], c.rtl[l] = i18n.NewLocalizer(bundle, tag.String()), l.Dir() == "rtl"
	return nil
}

func newBundle(tag language.Tag) *i18n.Bundle {
	b := i18n.NewBundle(tag)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	return b
}

// Has reports whether the key is known.
func (c *Catalog) Has(key string) bool { return c.keys[key] }

// Name is what a language calls itself.
func (c *Catalog) Name(l Locale) string { return c.Text(l, "language.name", nil) }

// Text is the sentence for a key. args fill its placeholders; an integer
// under "Count", "Days" or "Limit" picks the plural form where there are several.
// A key that a language has not yet is said in English, else in Swedish; one that
// nobody knows is answered with itself: a page without one word beats no page.
func (c *Catalog) Text(l Locale, key string, args map[string]any) string {
	order := []Locale{l, English, Swedish}
	if l == EasySwedish {
		order = []Locale{l, Swedish, English}
	}
	for _, one := range order {
		if s := c.say(one, key, args); s != "" {
			return s
		}
	}
	return key
}

// say is Text in one language; empty where it has no words.
func (c *Catalog) say(l Locale, key string, args map[string]any) string {
	speak := c.speak[l]
	if speak == nil {
		return ""
	}
	if c.rtl[l] {
		args = isolated(args)
	}
	for _, count := range []string{"Count", "Days", "Limit"} {
		if args[count] == nil {
			continue
		}
		s, err := speak.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: args, PluralCount: args[count]})
		if err == nil && s != "" {
			return s
		}
		break
	}
	// One that has a single form is the same for one and for many.
	s, err := speak.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: args})
	if err != nil {
		return ""
	}
	return s
}

// isolated sets what is put into a sentence apart from it (Unicode's first strong
// isolate), so that a name, a date or a telephone number among Arabic words reads
// in its own direction and moves none of them.
func isolated(args map[string]any) map[string]any {
	out := make(map[string]any, len(args))
	for name, v := range args {
		if s := reflect.ValueOf(v); s.Kind() == reflect.String && s.Len() > 0 {
			v = "\u2068" + s.String() + "\u2069"
		}
		out[name] = v
	}
	return out
}

// forStaff are keys of the base catalog that no visitor meets: they are said in
// the languages of staff alone.
var forStaff = []string{"cut.", "pin.", "live.", "evacuation."}

// toVisitors are keys among those that the page behind a link in a message says.
var toVisitors = []string{"evacuation.none", "evacuation.not_covered", "evacuation.no_mark", "evacuation.visit_unknown"}

// ForStaff reports whether no visitor meets a key of the base catalog.
func ForStaff(key string) bool {
	return slices.ContainsFunc(forStaff, func(family string) bool { return strings.HasPrefix(key, family) }) && !slices.Contains(toVisitors, key)
}
