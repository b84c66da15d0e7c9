package webkit

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

// engine holds every page parsed once per locale. It is read-only after
// newEngine and safe for concurrent use.
type engine struct {
	cfg    Config
	assets *assets
	// wardrobe is how the screens look.
	wardrobe *wardrobe
	pages    map[lang.Locale]map[string]*template.Template
}

// View is what the shared layout needs besides a page's own data.
type View struct {
	Place   Place
	Home    string // the family's start page; empty where there is none
	Path    string // the page itself, for the language switch
	Now     time.Time
	Refresh Refresh
	Data    any
}

func newEngine(cfg Config) (*engine, error) {
	shared, err := fs.Sub(sharedFiles, "static")
	if err != nil {
		return nil, err
	}
	a, err := newAssets(cfg.Prefix, append([]fs.FS{shared, cfg.Assets}, cfg.Parts...)...)
	if err != nil {
		return nil, err
	}
	icons, err := readIcons(sharedFiles)
	if err != nil {
		return nil, err
	}
	e := &engine{cfg: cfg, assets: a, wardrobe: newWardrobe(cfg), pages: map[lang.Locale]map[string]*template.Template{}}
	for _, l := range cfg.Locales {
		layout, err := template.New("layout").Funcs(funcs(cfg, l, a, e.wardrobe, icons)).ParseFS(sharedTemplates, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse shared templates: %w", err)
		}
		for _, tree := range cfg.Parts {
			if layout, err = parts(layout, tree, "*.html"); err != nil {
				return nil, err
			}
		}
		if layout, err = parts(layout, cfg.Pages, "parts/*.html"); err != nil {
			return nil, err
		}
		e.pages[l] = map[string]*template.Template{}
		for _, tree := range []fs.FS{problemPage, cfg.Pages} {
			if err := e.parse(l, layout, tree); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// parts adds the templates of a tree that a pattern names.
func parts(layout *template.Template, tree fs.FS, pattern string) (*template.Template, error) {
	files, err := fs.Glob(tree, pattern)
	if err != nil || len(files) == 0 {
		return layout, err
	}
	if layout, err = layout.ParseFS(tree, files...); err != nil {
		return nil, fmt.Errorf("parse parts: %w", err)
	}
	return layout, nil
}

// parse adds every page of a tree in one locale.
func (e *engine) parse(l lang.Locale, layout *template.Template, tree fs.FS) error {
	files, err := fs.Glob(tree, "*.html")
	if err != nil {
		return err
	}
	for _, f := range files {
		buf, err := fs.ReadFile(tree, f)
		if err != nil {
			return fmt.Errorf("read page: %w", err)
		}
		page, err := layout.Clone()
		if err != nil {
			return fmt.Errorf("clone layout: %w", err)
		}
		if _, err := page.Parse(string(buf)); err != nil {
			return fmt.Errorf("parse page %s: %w", f, err)
		}
		e.pages[l][strings.TrimSuffix(path.Base(f), ".html")] = page
	}
	return nil
}

// render executes one template of a page into memory.
func (e *engine) render(l lang.Locale, page, block string, data any) ([]byte, error) {
	t := e.pages[l][page]
	if t == nil {
		return nil, fmt.Errorf("render: no page %s", page)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, block, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", page, err)
	}
	return buf.Bytes(), nil
}
