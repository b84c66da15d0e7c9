package kiosk

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// patience is for how long a check-in may take. It goes on when the browser
// has gone: a second press of the button closes the first connection, and the
// visit must not hang between the two.
const patience = 15 * time.Second

// arrivePage is the form with what was typed and what is wrong with it.
type arrivePage struct {
	Form    string
	Arrival Arrival
	Ticked  bool
	Faults  faults
	Pause   webkit.Pause
}

func (k *Kiosk) arriveForm(r *webkit.Request) (webkit.Response, error) {
	if res := k.closed(r); res != nil {
		return res, nil
	}
	return k.arrivalForm(arrivePage{Form: rand.Text()}, http.StatusOK), nil
}

func (k *Kiosk) arrivalForm(p arrivePage, status int) webkit.Page {
	p.Pause = k.pause()
	return webkit.Page{Name: "arrive", Status: status, Data: p, Refresh: webkit.Refresh{After: 5 * time.Minute, To: "/kiosk"}}
}

func (k *Kiosk) arrive(r *webkit.Request) (webkit.Response, error) {
	a := Arrival{
		Name: r.Field("name"), Company: r.Field("company"), Host: r.Field("host"),
		Lang: string(r.Locale),
	}
	// The tick is the consent: without it nothing about help is kept, whatever
	// stands in the box.
	typed, ticked := r.Field("assist"), r.Field("needs_help") != ""
	if ticked {
		a.Assist = typed
		if a.Assist == "" {
			a.Assist = r.TextIn(lang.Default, "arrive.assist_unspecified")
		}
	}
	form := r.Field("form")
	if form == "" {
		form = rand.Text()
	}
	content := []string{a.Name, a.Company, a.Host, a.Assist}
	to, err := k.submitted.do(r.Context(), form, content, func() (string, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer done()
		receipt, err := k.cfg.Visits.CheckIn(ctx, a)
		if err != nil {
			return "", err
		}
		page := rand.Text()
		k.welcomes.put(page, welcome{Receipt: receipt, Name: a.Name, Company: a.Company, Host: a.Host})
		return "/kiosk/welcome/" + page, nil
	})
	var p lang.Problem
	if errors.As(err, &p) && p.Field != "" {
		a.Assist = typed
		return k.arrivalForm(arrivePage{
			Form: form, Arrival: a, Ticked: ticked, Faults: faultsOf(r, p),
		}, http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link(to)}, nil
}
