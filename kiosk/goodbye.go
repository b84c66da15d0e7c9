package kiosk

import (
	"html/template"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// farewell is a goodbye by name, held for as long as its page may be shown.
type farewell struct {
	Name    string
	Already bool
}

// goodbyePage may stand for a short while and goes by itself.
type goodbyePage struct {
	farewell
	Pause webkit.Pause
	Note  template.HTML
}

// already is the page of who had left before, without a name.
const already = "already"

// goodbye says goodbye, by name to whoever has just shown a QR.
func (k *Kiosk) goodbye(r *webkit.Request) (webkit.Response, error) {
	page := r.PathValue("page")
	f, ok := k.farewells.get(page)
	switch {
	case page == "":
	case page == already:
		f.Already = true
	case !ok:
		return nil, lang.Problem{Key: "page.put_away"}
	}
	note, err := k.note(r)
	return webkit.Page{
		Name:    "goodbye",
		Data:    goodbyePage{farewell: f, Note: note, Pause: webkit.Pause{Warn: 20, Clear: 45, To: "/kiosk"}},
		Refresh: webkit.Refresh{After: 30 * time.Second, To: "/kiosk"},
	}, err
}
