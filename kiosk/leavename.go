package kiosk

import (
	"context"
	"errors"
	"html/template"
	"net/http"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// leaveNamePage asks who it is that leaves without a badge at hand. What only they
// know never stands on the page again.
type leaveNamePage struct {
	Name   string
	Faults faults
	Pause  webkit.Pause
	Note   template.HTML
}

func (k *Kiosk) leaveNameForm(r *webkit.Request) (webkit.Response, error) {
	return k.leaveNamePage(r, leaveNamePage{}, http.StatusOK)
}

func (k *Kiosk) leaveNamePage(r *webkit.Request, p leaveNamePage, status int) (webkit.Response, error) {
	note, err := k.note(r)
	p.Pause, p.Note = k.pause(), note
	return webkit.Page{Name: "leave-name", Path: "/kiosk/leave/name", Status: status, Data: p}, err
}

// leaveByName checks out who says their name and an address that they gave. A desk
// finds the visit; the departure is of this door.
func (k *Kiosk) leaveByName(r *webkit.Request) (webkit.Response, error) {
	ask := MineAsk{Name: r.Field("name"), Knows: r.Field("knows"), Do: "find", Lang: string(r.Locale)}
	again := func(p lang.Problem) (webkit.Response, error) {
		return k.leaveNamePage(r, leaveNamePage{Name: ask.Name, Faults: faultsOf(r, p)}, http.StatusUnprocessableEntity)
	}
	if ask.Name == "" {
		return again(lang.Problem{Key: lang.NameEmpty, Field: "name"})
	}
	got, err := k.ask(r, ask)
	var p lang.Problem
	if errors.As(err, &p) {
		p.Field = "name"
		return again(p)
	}
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	d, err := k.cfg.Visits.CheckOut(ctx, got.Visit)
	if err != nil {
		return nil, err
	}
	return k.left(r, d)
}
