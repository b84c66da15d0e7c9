package kiosk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// glance is how often an open page is compared with whether the door is open.
const glance = 500 * time.Millisecond

// shut is what takes the place of all that lets people in, while something
// does; nil otherwise.
func (k *Kiosk) shut(r *webkit.Request) webkit.Response {
	if res := k.evacuation(r, ""); res != nil {
		return res
	}
	return k.closed(r)
}

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

// live tells a page that was made while the door was in one state when it is
// in another.
func (k *Kiosk) live(r *webkit.Request) (webkit.Response, error) {
	was := r.PathValue("state")
	// The page that offers languages is another, too, when others are offered; on the
	// others somebody is writing.
	state, words, offers := strings.Cut(was, ".")
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		if was = state; offers && words != k.words {
			return send(webkit.Event{Name: "reload"})
		}
		return k.watch(ctx, was, func() (bool, error) { return true, send(webkit.Event{Name: "reload"}) })
	}}, nil
}

// watch calls changed whenever the state of the door is another than it was,
// until it says that that is all, or ctx or the door ends.
func (k *Kiosk) watch(ctx context.Context, was string, changed func() (done bool, err error)) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		if now := k.state(); now != was {
			was = now
			if done, err := changed(); done || err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.gone:
			return nil
		case <-tick.C:
		}
	}
}
