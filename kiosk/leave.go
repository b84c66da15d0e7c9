package kiosk

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// leavePage is the form with what was typed and what is wrong with it.
type leavePage struct {
	Typed  string
	Faults faults
	Pause  webkit.Pause
}

func (k *Kiosk) leaveForm(*webkit.Request) (webkit.Response, error) {
	return webkit.Page{Name: "leave", Data: leavePage{Pause: k.pause()}}, nil
}

func (k *Kiosk) leave(r *webkit.Request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	code := tidy(r.Field("code"))
	r.Withhold(code)
	d, err := k.cfg.Visits.CheckOut(ctx, code)
	var p lang.Problem
	if errors.As(err, &p) && (p.Field != "" || strings.HasPrefix(p.Key, "badge.")) {
		p.Field = "code"
		return webkit.Page{Name: "leave", Status: http.StatusUnprocessableEntity, Data: leavePage{
			Typed: r.Field("code"), Faults: faultsOf(r, p), Pause: k.pause(),
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	if d.Already {
		return webkit.Redirect{To: r.Link("/kiosk/goodbye/already")}, nil
	}
	return webkit.Redirect{To: r.Link("/kiosk/goodbye")}, nil
}
