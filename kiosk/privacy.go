package kiosk

import (
	"html/template"

	"github.com/upprop/upprop/kiosk/webkit"
)

type privacyPage struct {
	Controller, Contact string
	Days                int
	// Mine: there is a page of one's own here.
	Mine  bool
	Pause webkit.Pause
	Note  template.HTML
}

func (k *Kiosk) privacy(r *webkit.Request) (webkit.Response, error) {
	contact := k.cfg.Contact
	if contact == "" {
		contact = r.Text("privacy.who_reception", nil)
	}
	note, err := k.note(r)
	return webkit.Page{Name: "privacy", Data: privacyPage{
		Controller: k.cfg.Controller, Contact: contact, Days: k.cfg.RetentionDays(), Mine: k.cfg.Mine != nil,
		Pause: webkit.Pause{Warn: 180, Clear: 210, To: "/kiosk"}, Note: note,
	}}, err
}
