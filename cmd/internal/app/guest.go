package app

import (
	"net/http"

	"github.com/upprop/upprop/kiosk/guest"
)

// guests is the page behind the link in an invitation.
func (a *App) guests(at place) (http.Handler, error) {
	offered, extra := a.languages()
	return guest.New(guest.Config{
		Languages: offered, Extra: extra, Look: a.node.Look().Now,
		Invitations: a.node.Invitations(), InWords: inWords, NodeName: at.name, Site: at.site, CampusName: at.campus,
		Clock: a.now, Logger: a.log,
	})
}
