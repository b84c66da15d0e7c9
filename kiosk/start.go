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
	// Invited: somebody may have an invitation.
	Invited bool
	Pause   webkit.Pause
	// Words is another where other languages are offered.
	Words string
}

func (k *Kiosk) start(r *webkit.Request) (webkit.Response, error) {
	if res := k.shut(r); res != nil {
		return res, nil
	}
	other := other(r.Locale)
	return webkit.Page{Name: "start", Data: startPage{
		Phone: k.cfg.Phone, Days: k.cfg.RetentionDays(), Other: other, Invited: k.cfg.Invitations != nil, Pause: k.pause(), Words: k.words,
		Arrive: r.TextIn(other, "start.arrive"), Leave: r.TextIn(other, "start.leave"),
	}}, nil
}
