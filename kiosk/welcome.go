package kiosk

import (
	"html/template"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// welcome is a page with a badge, held until it is put away.
type welcome struct {
	Receipt             Receipt
	Name, Company, Host string
}

type welcomePage struct {
	welcome
	Page, Code string
	Shape      Badge
	Campus     string
	QR         template.HTML
	Pause      webkit.Pause
}

func (k *Kiosk) welcome(r *webkit.Request) (webkit.Response, error) {
	id := r.PathValue("page")
	w, ok := k.welcomes.get(id)
	if !ok {
		return nil, lang.Problem{Key: "page.put_away"}
	}
	code := group(w.Receipt.Badge)
	qr, err := qrSVG(w.Receipt.QR, r.Text("badge.qr", map[string]any{"Code": code}))
	if err != nil {
		return nil, err
	}
	return webkit.Page{
		Name: "welcome",
		Data: welcomePage{
			welcome: w, Page: id, Code: code, Shape: k.cfg.Badge, Campus: k.cfg.CampusName,
			QR: qr, Pause: k.pause(),
		},
		Refresh: webkit.Refresh{After: time.Minute, To: "/kiosk"},
	}, nil
}

// putAway forgets the page and goes back to the start, in the language of
// whoever comes next.
func (k *Kiosk) putAway(r *webkit.Request) (webkit.Response, error) {
	k.welcomes.drop(r.PathValue("page"))
	return webkit.Redirect{To: "/kiosk"}, nil
}
