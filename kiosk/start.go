package kiosk

import (
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// startPage says each choice in the reader's language, and smaller in the
// other, for whoever stands there before a language is chosen.
type startPage struct {
	Phone  string
	Days   int
	Other  lang.Locale
	Arrive string
	Leave  string
}

func (k *Kiosk) start(r *webkit.Request) (webkit.Response, error) {
	if res := k.closed(r); res != nil {
		return res, nil
	}
	other := lang.English
	if r.Locale == lang.English {
		other = lang.Swedish
	}
	return webkit.Page{Name: "start", Data: startPage{
		Phone: k.cfg.Phone, Days: k.cfg.RetentionDays, Other: other,
		Arrive: r.TextIn(other, "start.arrive"), Leave: r.TextIn(other, "start.leave"),
	}}, nil
}
