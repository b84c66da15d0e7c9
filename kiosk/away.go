package kiosk

import (
	"net/http"
	"strings"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// awayPage is what a screen shows while its node cannot be reached: its browser keeps
// it, so that it has it then.
type awayPage struct {
	Entrances, Phone string
	// Other is another language that people at the door may read, Title and Text what
	// the page says in it.
	Other       lang.Locale
	Title, Text string
}

func (k *Kiosk) away(r *webkit.Request) (webkit.Response, error) {
	other := other(r.Locale)
	p := awayPage{Phone: k.cfg.Phone, Other: other, Title: r.TextIn(other, "away.title"), Text: r.TextIn(other, "away.text")}
	if k.cfg.Entrances != nil {
		p.Entrances = strings.Join(k.cfg.Entrances(), ", ")
	}
	return webkit.Page{Name: "away", Data: p}, nil
}

// awayWorker is the script that the browser runs beside the pages. It has the same
// address in every release: a browser asks under it whether there is another.
func (k *Kiosk) awayWorker(*webkit.Request) (webkit.Response, error) {
	b, err := files.ReadFile("worker/worker.js")
	return webkit.File{Type: "text/javascript; charset=utf-8", Name: "worker.js", Body: b, Scope: "/kiosk"}, err
}

func (k *Kiosk) awayRoutes() []webkit.Route {
	return []webkit.Route{
		{Method: http.MethodGet, Pattern: "/kiosk/away", Handler: k.away},
		{Method: http.MethodGet, Pattern: "/kiosk/worker.js", Handler: k.awayWorker},
	}
}
