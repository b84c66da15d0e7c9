package kiosk

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Help calls a desk to the door.
type Help interface {
	// Ring begins a call, or leaves the one that stands. Errors: a lang.Problem.
	Ring() error
	// Withdraw ends it.
	Withdraw()
	// Now is how it stands. It is asked often and must not block.
	Now() Call
}

// Call is a call to a desk. Its State is one of those below.
type Call struct {
	// On: there is one, or there was a moment ago.
	On    bool
	Since time.Time
	State string
	// Cut: no desk hears of it now. Late: the next step takes too long.
	Cut, Late bool
}

// The states of a call: nobody has it on a screen, somebody has, somebody comes,
// it is over.
const (
	CallWaiting = "waiting"
	CallShown   = "shown"
	CallComing  = "coming"
	CallDone    = "done"
)

// asked is where somebody was who pressed the button, and what kept them from
// calling, if anything.
type asked struct {
	Back    string
	Problem *lang.Problem
}

// helpPage says how the call stands, in a Word and a Text.
type helpPage struct {
	Page, Back string
	Call       Call
	Word, Tone string
	Text       string
	// Reach: what else can be done is said.
	Reach     bool
	Phone     string
	Entrances string
	Note      template.HTML
	Pause     webkit.Pause
}

// ring calls a desk and leads to how that goes. A form that is being written is
// kept for its writer. Where the place is evacuated, and there is somewhere to
// wait for help to get out, it leads there.
func (k *Kiosk) ring(r *webkit.Request) (webkit.Response, error) {
	if e, on := k.cfg.Evacuation(); on {
		for _, p := range e.Points {
			if p.Refuge {
				return webkit.Redirect{To: r.Link("/kiosk") + "#stay-h"}, nil
			}
		}
	}
	at := asked{Back: backOf(r.Field("back"))}
	if r.Field("form") != "" {
		if a, _, ticked := arrivalOf(r); a.written() || ticked {
			page := rand.Text()
			kind, _ := k.typeOf(a.Type)
			k.held.put(page, arrivePage{Form: formOf(r), Type: kind, Arrival: a, Ticked: ticked, Invite: r.Field("invite"), Present: true})
			at.Back = "/kiosk/held/" + page
		}
	}
	if k.cfg.Help != nil {
		if err := k.cfg.Help.Ring(); err != nil {
			var p lang.Problem
			if !errors.As(err, &p) {
				return nil, err
			}
			at.Problem = &p
		}
	}
	page := rand.Text()
	k.asked.put(page, at)
	return webkit.Redirect{To: r.Link("/kiosk/help/" + page)}, nil
}

// backOf is a page of the kiosk to go back to, else its start.
func backOf(path string) string {
	if !strings.HasPrefix(path, "/kiosk/") || strings.HasPrefix(path, "/kiosk/help") || len(path) > 128 || strings.ContainsAny(path, "?#\\\r\n") || strings.Contains(path, "..") {
		return "/kiosk"
	}
	return path
}

func (k *Kiosk) help(r *webkit.Request) (webkit.Response, error) {
	p, err := k.helpPage(r)
	return webkit.Page{Name: "help", Data: p, Refresh: webkit.Refresh{After: 5 * time.Second}}, err
}

// withdraw ends the call: its caller does not need anybody any more.
func (k *Kiosk) withdraw(r *webkit.Request) (webkit.Response, error) {
	if k.cfg.Help != nil {
		k.cfg.Help.Withdraw()
	}
	at, _ := k.asked.get(r.PathValue("page"))
	k.asked.drop(r.PathValue("page"))
	return webkit.Redirect{To: r.Link(backOf(at.Back))}, nil
}

func (k *Kiosk) helpPage(r *webkit.Request) (helpPage, error) {
	id := r.PathValue("page")
	at, known := k.asked.get(id)
	if !known {
		at.Back = "/kiosk"
	}
	c := Call{Cut: true, On: true, State: CallWaiting}
	if k.cfg.Help != nil {
		c = k.cfg.Help.Now()
	}
	p := helpPage{Page: id, Back: at.Back, Call: c, Phone: k.cfg.Phone}
	var args map[string]any
	var word, text string
	switch {
	case at.Problem != nil && !c.On:
		word, text, p.Tone, p.Reach, args = "help.often", "help.often_text", "unsure", true, at.Problem.Args
	case !c.On:
		word, text, p.Tone, p.Reach = "help.none", "help.none_text", "note", true
	case c.State == CallDone:
		word, text, p.Tone = "help.done", "help.done_text", "done"
	case c.State == CallComing:
		word, text, p.Tone = "help.coming", "help.coming_text", "done"
	case c.Cut:
		word, text, p.Tone, p.Reach = "help.cut", "help.cut_text", "fault", true
	case c.State == CallShown && c.Late:
		word, text, p.Tone, p.Reach = "help.unanswered", "help.unanswered_text", "unsure", true
	case c.State == CallShown:
		word, text, p.Tone = "help.shown", "help.shown_text", "done"
	case c.Late:
		word, text, p.Tone, p.Reach = "help.unseen", "help.unseen_text", "unsure", true
	default:
		word, text, p.Tone = "help.calling", "help.calling_text", "note"
	}
	p.Word, p.Text = r.Text(word, nil), r.Text(text, args)
	if k.cfg.Entrances != nil {
		p.Entrances = strings.Join(k.cfg.Entrances(), ", ")
	}
	// Who waits for somebody touches nothing.
	p.Pause = webkit.Pause{Warn: 4 * k.cfg.Warn.Seconds(), Clear: (3*k.cfg.Warn + k.cfg.Clear).Seconds(), To: "/kiosk"}
	var err error
	p.Note, err = k.note(r)
	return p, err
}

// liveHelp keeps the page up to date.
func (k *Kiosk) liveHelp(r *webkit.Request) (webkit.Response, error) {
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		tick := time.NewTicker(glance)
		defer tick.Stop()
		var sent []byte
		for {
			p, err := k.helpPage(r)
			if err != nil {
				return err
			}
			part, err := r.Fragment("help", "help-now", p)
			if err != nil {
				return err
			}
			if !bytes.Equal(part, sent) {
				if err := send(webkit.Event{Name: "fragment", Data: part}); err != nil {
					return err
				}
				sent = part
			}
			select {
			case <-ctx.Done():
				return nil
			case <-k.gone:
				return nil
			case <-tick.C:
			}
		}
	}}, nil
}

func (k *Kiosk) helpRoutes() []webkit.Route {
	return []webkit.Route{
		{Method: http.MethodPost, Pattern: "/kiosk/help", Handler: k.ring},
		{Method: http.MethodGet, Pattern: "/kiosk/help/{page}", Handler: k.help},
		{Method: http.MethodGet, Pattern: "/kiosk/help/{page}/live", Handler: k.liveHelp},
		{Method: http.MethodPost, Pattern: "/kiosk/help/{page}", Handler: k.withdraw},
	}
}
