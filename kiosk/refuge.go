package kiosk

import (
	"context"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Told is what those who wait at a refuge are told.
type Told struct {
	// Help is "told", "coming", "stay" or "fetched"; Role that of the node where it
	// was said.
	Help, Role string
	At         time.Time
}

// Refuge is what was said to and from a refuge.
type Refuge struct {
	// Told is nil for nothing; Beside is what else they are told by who had not heard
	// of it, and Before what was said earlier, the latest first.
	Told           *Told
	Beside, Before []Told
	// Seen names Told, so that it is known what was before the eyes of who answers.
	Seen string
	// Heard is when who waits there last answered, zero for never; Count how many they
	// said they were, and Answered whether whoever said Told knew of it.
	Heard    time.Time
	Count    int
	Answered bool
	// Still: they are told that all have been fetched, and somebody may be there.
	Still bool
}

// MaxHere is the largest number that can be pressed: so many, or more.
const MaxHere = 9

// refugeView is the refuge at which this screen stands, in the reader's language
// and, in a few words, in another.
type refugeView struct {
	Name, Says, By, Other string
	OtherLang             lang.Locale
	Beside, Before        []string
	// Heard says that it is saved how many they are, and Known whether somebody knows.
	Heard, Known, Still string
	Seen                string
	Help                string
	Counts              []int
}

func (k *Kiosk) refugeView(r *webkit.Request, name string, x Refuge) refugeView {
	v := refugeView{Name: name, Seen: x.Seen, Says: r.Text(lang.HelpKey(""), nil), OtherLang: other(r.Locale)}
	v.Other = r.TextIn(v.OtherLang, lang.HelpKey(""))
	if x.Told != nil {
		v.Help, v.Says, v.By = x.Told.Help, r.Text(lang.HelpKey(x.Told.Help), nil), k.by(r, *x.Told)
		v.Other = r.TextIn(v.OtherLang, lang.HelpKey(x.Told.Help))
	}
	for _, t := range x.Beside {
		v.Beside = append(v.Beside, r.Text(lang.HelpKey(t.Help), nil)+" "+k.by(r, t))
	}
	for _, t := range x.Before {
		v.Before = append(v.Before, r.Text(lang.HelpKey(t.Help), nil)+" "+k.by(r, t))
	}
	if !x.Heard.IsZero() && x.Count > 0 {
		v.Heard = r.Text("here.saved", map[string]any{"Count": x.Count, "Time": k.clock(r, x.Heard)})
		v.Known = r.Text("here.not_known", nil)
		if x.Answered {
			v.Known = r.Text("here.known", nil)
		}
	}
	if x.Still {
		v.Still = r.Text("here.still", nil)
	}
	for n := range MaxHere {
		v.Counts = append(v.Counts, n+1)
	}
	return v
}

func (k *Kiosk) by(r *webkit.Request, t Told) string {
	return r.Text("refuge.by", map[string]any{"Who": r.Text(lang.WhoKey(t.Role), nil), "Time": k.clock(r, t.At)})
}

func (k *Kiosk) clock(r *webkit.Request, t time.Time) string {
	return r.Locale.Clock(t.In(k.cfg.Zone))
}

// here takes down how many wait at the refuge where this screen stands.
func (k *Kiosk) here(r *webkit.Request) (webkit.Response, error) {
	e, on := k.cfg.Evacuation()
	if !on || e.Here == nil || k.cfg.Hear == nil {
		return webkit.Redirect{To: r.Link("/kiosk")}, nil
	}
	count := 0
	for n := range MaxHere {
		if r.Field("count") == string(rune('1'+n)) {
			count = n + 1
		}
	}
	if count == 0 {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := k.cfg.Hear(ctx, e.Here.Name, count, r.Field("seen")); err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/kiosk")}, nil
}
