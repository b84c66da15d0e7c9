package kiosk

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// ownFor is for how long a page that was opened by a mailed link is in memory.
const ownFor = 30 * time.Minute

// pressPage is what a mailed link shows: nothing, until a button is pressed, since
// programs that preview mails look links up too, and a link opens once.
type pressPage struct {
	Path, Fault string
	// Away: the page was put away.
	Away bool
}

// openOwn makes the pages behind mailed links, which are reached under whatever
// name the campus has outside.
func (k *Kiosk) openOwn(words *lang.Catalog, static fs.FS) error {
	k.ownPages = http.NotFoundHandler()
	if k.cfg.Mine == nil {
		return nil
	}
	pages, err := fs.Sub(files, "pages/own")
	if err != nil {
		return err
	}
	k.ownPages, err = webkit.New(webkit.Config{
		Prefix: "/o", Pages: pages, Assets: static, Catalog: words, Apart: true, Locales: k.cfg.Languages,
		Place: webkit.Place{Campus: k.cfg.CampusName, Site: k.cfg.Site, Node: k.cfg.CampusName},
		Look:  k.cfg.Look, Zone: k.cfg.Zone, Clock: k.cfg.Clock, Logger: k.cfg.Logger,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/o/{token}", Handler: k.ownPress},
		{Method: "POST", Pattern: "/o/{token}", Handler: k.ownOpen},
		{Method: "GET", Pattern: "/o/page/{page}", Handler: k.ownPage},
		{Method: "POST", Pattern: "/o/page/{page}", Handler: k.ownDo},
		{Method: "POST", Pattern: "/o/page/{page}/copy", Handler: k.ownCopy},
		{Method: "GET", Pattern: "/o/page/{page}/photo", Handler: k.ownPhoto},
	})
	return err
}

// Own serves everything under /o: the pages behind mailed links.
func (k *Kiosk) Own() http.Handler { return k.ownPages }

func (k *Kiosk) ownPress(r *webkit.Request) (webkit.Response, error) {
	return webkit.Page{Name: "press", Data: pressPage{Path: "/o/" + r.PathValue("token")}}, nil
}

// ownOpen opens the link, for who presses the button first.
func (k *Kiosk) ownOpen(r *webkit.Request) (webkit.Response, error) {
	ask := MineAsk{Link: r.PathValue("token"), Use: rand.Text(), Do: "see", Lang: string(r.Locale)}
	r.Withhold(ask.Link)
	r.Withhold(ask.Use)
	got, err := k.ask(r, ask)
	var p lang.Problem
	if errors.As(err, &p) {
		return webkit.Page{Name: "press", Status: http.StatusUnprocessableEntity, Data: pressPage{Path: "/o/" + ask.Link, Fault: r.Text(p.Key, p.Args)}}, nil
	}
	if err != nil {
		return nil, err
	}
	page := minePage{ID: rand.Text(), At: "/o/page/", Ask: ask, Answer: got}
	k.own.put(page.ID, page)
	return webkit.Redirect{To: r.Link(page.At + page.ID)}, nil
}

func (k *Kiosk) ownPage(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.own.get(r.PathValue("page"))
	if !ok {
		return webkit.Page{Name: "press", Data: pressPage{Away: true}}, nil
	}
	return k.showOwn(r, p, http.StatusOK)
}

func (k *Kiosk) showOwn(r *webkit.Request, p minePage, status int) (webkit.Response, error) {
	p.Foreign = ""
	if p.Answer.Lang != "" {
		p.Foreign = foreign(p.Answer.Lang, r.Locale)
	}
	return webkit.Page{Name: "own", Status: status, Path: p.At + p.ID, Data: p}, nil
}

func (k *Kiosk) ownDo(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.own.get(r.PathValue("page"))
	if !ok || r.Field("do") == "close" {
		k.own.drop(p.ID)
		return webkit.Page{Name: "press", Data: pressPage{Away: true}}, nil
	}
	return k.doMine(r, p, k.own, k.showOwn)
}

func (k *Kiosk) ownCopy(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.own.get(r.PathValue("page"))
	if !ok || len(p.Answer.Data) == 0 {
		return webkit.Page{Name: "press", Data: pressPage{Away: true}}, nil
	}
	return webkit.File{Type: "application/json", Name: "upprop.json", Body: p.Answer.Data}, nil
}

func (k *Kiosk) ownPhoto(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.own.get(r.PathValue("page"))
	if !ok || len(p.Answer.Photo) == 0 {
		return webkit.Page{Name: "press", Data: pressPage{Away: true}}, nil
	}
	return webkit.File{Type: "image/jpeg", Name: "photo.jpg", Body: p.Answer.Photo}, nil
}
