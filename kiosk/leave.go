package kiosk

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// leavePage is the form with what was typed and what is wrong with it.
type leavePage struct {
	Typed string
	// ByName: who has no badge at hand may say who they are.
	ByName bool
	Faults faults
	Pause  webkit.Pause
	Note   template.HTML
}

func (k *Kiosk) leaveForm(r *webkit.Request) (webkit.Response, error) {
	return k.leavePage(r, leavePage{}, http.StatusOK)
}

func (k *Kiosk) leavePage(r *webkit.Request, p leavePage, status int) (webkit.Response, error) {
	note, err := k.note(r)
	p.Pause, p.Note, p.ByName = k.pause(), note, k.cfg.Mine != nil
	return webkit.Page{Name: "leave", Status: status, Data: p}, err
}

func (k *Kiosk) leave(r *webkit.Request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	code := tidy(r.Field("code"))
	r.Withhold(code)
	if res, err := k.scanned(r, code); res != nil || err != nil {
		return res, err
	}
	d, err := k.cfg.Visits.CheckOut(ctx, code)
	var p lang.Problem
	if errors.As(err, &p) && (p.Field != "" || strings.HasPrefix(p.Key, "badge.") || strings.HasPrefix(p.Key, "invitation.")) {
		p.Field = "code"
		return k.leavePage(r, leavePage{Typed: r.Field("code"), Faults: faultsOf(r, p)}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return nil, err
	}
	return k.left(r, d)
}

// left says goodbye.
func (k *Kiosk) left(r *webkit.Request, d Departure) (webkit.Response, error) {
	switch {
	case d.Name != "":
		page := rand.Text()
		k.farewells.put(page, farewell{Name: d.Name, Already: d.Already})
		return webkit.Redirect{To: r.Link("/kiosk/goodbye/" + page)}, nil
	case d.Already:
		return webkit.Redirect{To: r.Link("/kiosk/goodbye/" + already)}, nil
	}
	return webkit.Redirect{To: r.Link("/kiosk/goodbye")}, nil
}
