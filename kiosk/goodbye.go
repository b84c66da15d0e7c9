package kiosk

import (
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// goodbyePage holds nobody's data, so it may stand for a short while and go.
type goodbyePage struct {
	Already bool
	Pause   webkit.Pause
}

func (k *Kiosk) goodbye(r *webkit.Request) (webkit.Response, error) {
	already := r.PathValue("already")
	if already != "" && already != "already" {
		return nil, lang.Problem{Key: "page.missing"}
	}
	return webkit.Page{
		Name: "goodbye",
		Data: goodbyePage{
			Already: already != "",
			Pause:   webkit.Pause{Warn: 20, Clear: 45, To: "/kiosk"},
		},
		Refresh: webkit.Refresh{After: 30 * time.Second, To: "/kiosk"},
	}, nil
}
