package webkit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/upprop/upprop/node/look"
)

// wardrobe serves how the house's screens look, beside the program's own sheet:
// /look.css and /look.png, or below the prefix of a family that stands apart. Each
// page asks what is worn now, so a change shows on the next page, and on those that
// are open when their stream says so. Safe for concurrent use.
type wardrobe struct {
	now  func() look.Look
	base string

	mu   sync.Mutex
	worn worn
}

// worn is a look, ready to be served. Templates read it.
type worn struct {
	mark  string
	sheet []byte
	// CSS and Logo are addresses; empty for none.
	CSS, Logo     string
	Width, Height int
	// On is "light" or "dark" where the logo is seen on such a ground only.
	On  string
	png []byte
}

func newWardrobe(cfg Config) *wardrobe {
	w := &wardrobe{now: cfg.Look}
	if w.now == nil {
		w.now = func() look.Look { return look.Look{} }
	}
	if cfg.Apart {
		w.base = cfg.Prefix
	}
	return w
}

// wear is what is worn now.
func (w *wardrobe) wear() worn {
	l := w.now()
	mark := l.Mark()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.worn.mark == mark {
		return w.worn
	}
	n := worn{mark: mark}
	if l.Colour != nil {
		n.sheet = sheetOf(*l.Colour)
		sum := sha256.Sum256(n.sheet)
		n.CSS = w.base + "/look.css?v=" + hex.EncodeToString(sum[:6])
	}
	if l.Logo != nil {
		n.png, n.Width, n.Height, n.On = l.Logo.PNG, l.Logo.Width, l.Logo.Height, l.Logo.On
		n.Logo = w.base + "/look.png?v=" + l.Logo.ID
	}
	w.worn = n
	return n
}

// sheetOf is a sheet that puts shades of a colour in the place of the program's
// own. The colours that say how something stands, or that there is an alarm, are
// not among them.
func sheetOf(c look.Colour) []byte {
	light, dark := tokens(look.Light.For(c)), tokens(look.Dark.For(c))
	return fmt.Appendf(nil, `@layer tokens {
  :root { %s }
  @media (prefers-color-scheme: dark) { :root { %s } }
}
@layer states { :root[data-look="dark"] { %s } }
`, light, dark, dark)
}

func tokens(s look.Shades) string {
	var all []string
	for _, t := range []struct {
		name string
		c    look.Colour
	}{
		{"pine", s.Accent},
		{"pine-down", s.Pressed},
		{"on-pine", s.On},
		{"on-pine-soft", s.OnSoft},
		{"moss", s.Tint},
		{"hill-far", s.Far},
		{"hill-mid", s.Mid},
		{"hill-near", s.Near},
	} {
		all = append(all, "--"+t.name+": "+t.c.String()+";")
	}
	return strings.Join(all, " ")
}

// routes serve it.
func (w *wardrobe) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+w.base+"/look.css", func(rw http.ResponseWriter, r *http.Request) {
		n := w.wear()
		w.serve(rw, r, "text/css; charset=utf-8", n.sheet, n.CSS)
	})
	mux.HandleFunc("GET "+w.base+"/look.png", func(rw http.ResponseWriter, r *http.Request) {
		n := w.wear()
		if n.png == nil {
			http.NotFound(rw, r)
			return
		}
		w.serve(rw, r, "image/png", n.png, n.Logo)
	})
}

// serve sends a file, to be kept for ever under the address that names its version,
// and to be asked for anew under any other.
func (w *wardrobe) serve(rw http.ResponseWriter, r *http.Request, kind string, body []byte, at string) {
	h := rw.Header()
	h.Set("Content-Type", kind)
	_, version, _ := strings.Cut(at, "?v=")
	h.Set("ETag", `"`+version+`"`)
	h.Set("Cache-Control", "no-cache")
	if v := r.URL.Query().Get("v"); v != "" && v == version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(body))
}

// changes tell a live page when another look is worn: what to put in the place of
// the old, and whether there is anything to say. It is called from one goroutine.
func (r *Request) changes() func() (Event, bool) {
	w, last := r.engine.wardrobe, ""
	return func() (Event, bool) {
		now := w.wear().mark
		if now == last {
			return Event{}, false
		}
		b, err := r.engine.render(r.Locale, "problem", "look-now", View{Place: r.engine.cfg.Place})
		if err != nil {
			r.engine.cfg.Logger.Error("the look could not be told to a page", "err", err.Error())
			return Event{}, false
		}
		last = now
		return Event{Name: "look", Data: b}, true
	}
}
