package kiosk

import (
	"html/template"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Wifi is a network for visitors. Code is what its QR code says; empty: there is
// no network.
type Wifi struct{ Network, Password, Code string }

// houseNote is what somebody should know of the house, in the language that it is
// written in.
type houseNote struct {
	Text, Lang string
	Wifi       Wifi
	QR         template.HTML
}

// Any reports whether there is anything to know.
func (h houseNote) Any() bool { return h.Text != "" || h.Wifi.Code != "" }

func (k *Kiosk) houseNote(r *webkit.Request, t Type) (h houseNote, err error) {
	// The type of who came may have been changed since: what stands now is shown.
	if now, ok := k.typeOf(t.ID); ok {
		t = now
	}
	var in lang.Locale
	h.Text, in = lang.In(t.Note, r.Locale)
	h.Lang, h.Wifi = string(in), t.Wifi
	if h.Wifi.Code != "" {
		h.QR, err = badge.SVG(h.Wifi.Code, r.Text("house.wifi_qr", nil))
	}
	return h, err
}
