package app

import (
	"net/http"

	"github.com/upprop/upprop/kiosk/host"
)

// hosts is the page behind the link by which a host approves a visit.
func (a *App) hosts(at place) (http.Handler, error) {
	return host.New(host.Config{
		Invitations: a.node.Invitations(), InWords: inWords, Site: at.site, CampusName: at.campus, Look: a.node.Look().Now, Clock: a.now, Logger: a.log,
	})
}
