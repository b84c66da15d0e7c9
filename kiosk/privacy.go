package kiosk

import "github.com/upprop/upprop/kiosk/webkit"

type privacyPage struct {
	Controller, Contact string
	Days                int
	Pause               webkit.Pause
}

func (k *Kiosk) privacy(r *webkit.Request) (webkit.Response, error) {
	contact := k.cfg.Contact
	if contact == "" {
		contact = r.Text("privacy.who_reception", nil)
	}
	return webkit.Page{Name: "privacy", Data: privacyPage{
		Controller: k.cfg.Controller, Contact: contact, Days: k.cfg.RetentionDays,
		Pause: webkit.Pause{Warn: 180, Clear: 210, To: "/kiosk"},
	}}, nil
}
