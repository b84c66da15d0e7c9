package kiosk

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// glance is how often an open page is compared with whether the door is open.
const glance = time.Second

type closedPage struct{ Heading, Text string }

// closed is the page that takes the place of the start and of arriving while
// nobody may come in; nil while the door is open. Leaving stays possible.
func (k *Kiosk) closed(r *webkit.Request) webkit.Response {
	var p lang.Problem
	if !errors.As(k.cfg.Closed(), &p) {
		return nil
	}
	return webkit.Page{
		Name: "closed", Status: http.StatusServiceUnavailable,
		Data:    closedPage{Heading: r.Text("heading."+p.Key, nil), Text: r.Text(p.Key, p.Args)},
		Refresh: webkit.Refresh{After: 5 * time.Second},
	}
}

// live tells a page that was made while the door was open, or closed, when
// that has changed.
func (k *Kiosk) live(r *webkit.Request) (webkit.Response, error) {
	open := r.PathValue("state") == "open"
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		tick := time.NewTicker(glance)
		defer tick.Stop()
		for {
			if open != (k.cfg.Closed() == nil) {
				return send(webkit.Event{Name: "reload"})
			}
			select {
			case <-ctx.Done():
				return nil
			case <-k.gone:
				return nil
			case <-tick.C:
			}
		}
	}}, nil
}
