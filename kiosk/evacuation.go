package kiosk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Evacuation is what runs where the door is.
type Evacuation struct {
	Drill bool
	Since time.Time
	// Points are where people from here gather or wait, the nearest first where
	// that is known.
	Points []Point
	// Here is the refuge at which this screen stands; nil for none.
	Here *Point
}

// Point is a muster point, or a refuge in the house.
type Point struct {
	Name, Position string
	Refuge         bool
	// Text says what to do there, by language.
	Text map[string]string
	// Way is where it is, seen from the door; nil where that is not known.
	Way *Way
	// Talk is what was said to and from a refuge.
	Talk Refuge
}

// Way is a direction and a distance.
type Way struct {
	Metres int
	// Degrees are clockwise from straight ahead of who reads the screen, or
	// from north where NorthUp says so.
	Degrees int
	NorthUp bool
}

// evacPage is what takes the place of everything that lets people in. It says
// its heading in the other language too, for whoever stands there before one
// is chosen.
type evacPage struct {
	Evacuation
	Kind          string // "real" or "drill"
	Heading       string
	Other         lang.Locale
	OtherHeading  string
	Musters, Stay []pointView
	// Refuge is where the screen stands; nil for none.
	Refuge *refugeView
	// Map is where the muster points are, drawn; empty where that is not known.
	Map template.HTML
	// Held is the page that has what somebody had written; empty for none.
	Held  string
	State string
}

// pointView is a point in the reader's language.
type pointView struct {
	Name, Position, Text, Way string
	// Lang is the language of Text, where it is not the page's.
	Lang    lang.Locale
	Arrow   template.HTML
	NorthUp bool
	// Told is what those who wait there are told; empty for nothing.
	Told string
	// Letter is that on the map; empty for one that is not drawn there.
	Letter string
	way    Way
}

// holding is for how long what somebody wrote is kept when an evacuation
// begins: longer than drills take.
const holding = 45 * time.Minute

// evacuation is the page that takes the place of the start and of arriving
// while the place is evacuated; nil while it is not. held names what somebody
// had written, if anything.
func (k *Kiosk) evacuation(r *webkit.Request, held string) webkit.Response {
	e, on := k.cfg.Evacuation()
	if !on {
		return nil
	}
	p := evacPage{Evacuation: e, Kind: "real", Held: held, State: stateOf(e), Other: other(r.Locale)}
	key := "alert.real"
	if e.Drill {
		p.Kind, key = "drill", "alert.drill"
	}
	p.Heading, p.OtherHeading = r.Text(key, nil), r.TextIn(p.Other, key)
	drawn := 0
	for _, x := range e.Points {
		v := pointView{Name: x.Name, Position: x.Position}
		v.Text, v.Lang = lang.In(x.Text, r.Locale)
		v.Lang = foreign(v.Lang, r.Locale)
		if x.Way != nil {
			v.Way, v.Arrow, v.NorthUp, v.way = wayInWords(r, *x.Way), arrow(*x.Way), x.Way.NorthUp, *x.Way
		}
		if t := x.Talk.Told; t != nil {
			v.Told = r.Text(lang.HelpKey(t.Help), nil) + " " + k.by(r, *t)
		}
		if x.Refuge {
			p.Stay = append(p.Stay, v)
		} else {
			if x.Way != nil && drawn < mapPoints {
				v.Letter = letter(drawn)
				drawn++
			}
			p.Musters = append(p.Musters, v)
		}
	}
	p.Map = mapOf(r, p.Musters)
	if e.Here != nil && k.cfg.Hear != nil {
		v := k.refugeView(r, e.Here.Name, e.Here.Talk)
		p.Refuge = &v
	}
	return webkit.Page{Name: "evacuation", Data: p, Refresh: webkit.Refresh{After: 5 * time.Second}}
}

// NorthUp reports whether the arrows are drawn with north up.
func (p evacPage) NorthUp() bool {
	for _, v := range append(p.Musters, p.Stay...) {
		if v.NorthUp {
			return true
		}
	}
	return false
}

func other(l lang.Locale) lang.Locale {
	if l == lang.English {
		return lang.Swedish
	}
	return lang.English
}

// foreign is the language of a text where it is not that of the page; else empty.
func foreign(in, page lang.Locale) lang.Locale {
	if in == page {
		return ""
	}
	return in
}

// directions are the words for eighths of a turn, clockwise.
var (
	ahead   = [8]string{"way.ahead", "way.ahead_right", "way.right", "way.behind_right", "way.behind", "way.behind_left", "way.left", "way.ahead_left"}
	compass = [8]string{"way.north", "way.northeast", "way.east", "way.southeast", "way.south", "way.southwest", "way.west", "way.northwest"}
)

func wayInWords(r *webkit.Request, w Way) string {
	words := ahead
	if w.NorthUp {
		words = compass
	}
	eighth := ((w.Degrees%360 + 360 + 22) / 45) % 8
	metres := w.Metres
	if metres > 20 {
		metres = (metres + 5) / 10 * 10
	}
	return r.Text("way.words", map[string]any{"Metres": metres, "Direction": r.Text(words[eighth], nil)})
}

// arrow draws a direction. What it says stands beside it in words.
func arrow(w Way) template.HTML {
	north := ""
	if w.NorthUp {
		north = `<text x="50" y="19" text-anchor="middle" font-size="17" font-weight="700" fill="currentColor">N</text>`
	}
	return template.HTML(fmt.Sprintf(
		`<svg class="way" viewBox="0 0 100 100" aria-hidden="true" focusable="false"><circle cx="50" cy="50" r="46" fill="none" stroke="currentColor" stroke-width="4"/>%s`+
			`<path transform="rotate(%d 50 50)" fill="currentColor" d="M50 22 70 50H57V78H43V50H30z"/></svg>`, north, ((w.Degrees%360)+360)%360,
	))
}

// state names what the door shows, so that a page can tell that it has become
// another.
func (k *Kiosk) state() string {
	if e, on := k.cfg.Evacuation(); on {
		return stateOf(e)
	}
	if k.cfg.Closed() != nil {
		return "closed"
	}
	return "open"
}

func stateOf(e Evacuation) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%v %d", e.Drill, e.Since.Unix())
	all := e.Points
	if e.Here != nil {
		all = append(slices.Clone(all), *e.Here)
	}
	for _, p := range all {
		_, _ = fmt.Fprintf(h, "%q %q %v %v %q %v %v %d %v %d", p.Name, p.Position, p.Refuge, p.Text, p.Talk.Seen, p.Talk.Answered, p.Talk.Still, p.Talk.Heard.Unix(), p.Talk.Told != nil, len(p.Talk.Beside))
		if p.Way != nil {
			_, _ = fmt.Fprintf(h, "%v", *p.Way)
		}
	}
	return "evacuation-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// note says that the place is evacuated, on pages that stay: where somebody
// checks out, or reads the code of a badge. It is empty otherwise.
func (k *Kiosk) note(r *webkit.Request) (template.HTML, error) {
	e, on := k.cfg.Evacuation()
	if !on {
		return "", nil
	}
	p := evacPage{Kind: "real", Heading: r.Text("alert.real", nil)}
	if e.Drill {
		p.Kind, p.Heading = "drill", r.Text("alert.drill", nil)
	}
	b, err := r.Fragment("evacuation", "note", p)
	return template.HTML(b), err
}

// liveNote keeps the note of a page up to date.
func (k *Kiosk) liveNote(r *webkit.Request) (webkit.Response, error) {
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		return k.watch(ctx, "", func() (bool, error) {
			note, err := k.note(r)
			if err == nil {
				err = send(webkit.Event{Name: "fragment", Data: []byte(note)})
			}
			return false, err
		})
	}}, nil
}

// hold puts away what somebody has written because the place is evacuated.
func (k *Kiosk) hold(r *webkit.Request, a Arrival, ticked bool, form string) webkit.Response {
	if !a.written() && !ticked {
		return webkit.Redirect{To: r.Link("/kiosk")}
	}
	a.Photo = nil // whoever reads the form next may be another; it is taken anew
	page := rand.Text()
	_, on := k.cfg.Evacuation()
	kind, _ := k.typeOf(a.Type)
	k.held.put(page, arrivePage{Form: form, Type: kind, Arrival: a, Ticked: ticked, Invite: r.Field("invite"), Present: !on})
	return webkit.Redirect{To: r.Link("/kiosk/held/" + page)}
}

// holdForm takes a form that is being written when an evacuation begins. It
// checks nobody in: its writer has not pressed the button.
func (k *Kiosk) holdForm(r *webkit.Request) (webkit.Response, error) {
	a, _, ticked := arrivalOf(r)
	return k.hold(r, a, ticked, formOf(r)), nil
}

// answering is for how long it is asked whether the writer of a form is there.
const answering = 2 * time.Minute

// resumePage asks whether the one who stands there began to write a form. It
// says nothing of what is in it.
type resumePage struct{ Page string }

// heldForm is the evacuation's page while one runs. Then whoever comes first to
// the screen may be another than who wrote: it asks, and forgets what was written
// when nobody has answered for a while.
func (k *Kiosk) heldForm(r *webkit.Request) (webkit.Response, error) {
	page := r.PathValue("page")
	p, ok := k.held.get(page)
	now := k.cfg.Clock()
	if ok && !p.Asked.IsZero() && now.Sub(p.Asked) >= answering {
		k.held.drop(page)
		ok = false
	}
	held := page
	if !ok {
		held = ""
	}
	if res := k.evacuation(r, held); res != nil {
		return res, nil
	}
	if res := k.closed(r); res != nil {
		return res, nil
	}
	switch {
	case !ok:
		return webkit.Redirect{To: r.Link("/kiosk")}, nil
	case p.Present:
		return k.arrivalForm(r, p, http.StatusOK), nil
	case p.Asked.IsZero():
		p.Asked = now
		k.held.drop(page)
		k.held.put(page, p)
	}
	return webkit.Page{Name: "resume", Data: resumePage{page}, Refresh: webkit.Refresh{After: answering, To: "/kiosk/held/" + page}}, nil
}

// answerHeld gives the form back to who says that it is theirs, or drops what is
// in it.
func (k *Kiosk) answerHeld(r *webkit.Request) (webkit.Response, error) {
	page := r.PathValue("page")
	p, ok := k.held.get(page)
	_, on := k.cfg.Evacuation()
	if r.Field("do") == "continue" && ok && !on && k.cfg.Clock().Sub(p.Asked) < answering && k.closed(r) == nil {
		k.held.drop(page)
		return k.arrivalForm(r, p, http.StatusOK), nil
	}
	k.held.drop(page)
	return webkit.Redirect{To: r.Link("/kiosk")}, nil
}
