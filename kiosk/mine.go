package kiosk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// MineAsk is what a person asks about their own visit, with what shows that it is
// theirs. It prints as [withheld].
type MineAsk struct {
	// Code is the badge's code or QR, Knows what only they know.
	Code, Knows string
	// Name is what who has no badge at hand is called, to "find" their visit.
	Name string
	// Link is a mailed link instead of both, Use a secret of who has opened it.
	Link, Use string
	// Do is "see", "rectify", "withdraw" or "erase"; "mail" has a link sent to the
	// address that is Knows, and never says whether there is such an address.
	Do, Lang string
	// Right is what is right, by field; Purpose the consent that is taken back.
	Right   map[string]string
	Purpose string
}

// MineAnswer is what is stored about the person, once what they asked is done. It
// prints as [withheld].
type MineAnswer struct {
	// Visit is the visit that "find" has found.
	Visit string
	Text  string
	// Lang is the language of Text; empty: that of the page.
	Lang lang.Locale
	// Data is the same for machines; empty where it is not handed out.
	Data []byte
	// Photo is the picture that is kept, a JPEG; empty: none is.
	Photo []byte
	// Consents are the purposes that stand; Due is by when an erasure that was
	// asked for is answered; Erased: nothing is left to correct. AtDesk: the
	// reception corrects and takes back, since the badge and a name are all that
	// was shown.
	Consents       []string
	Due            time.Time
	Erased, AtDesk bool
}

// Format withholds the person from every fmt verb.
func (MineAsk) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// LogValue withholds the person from slog.
func (MineAsk) LogValue() slog.Value { return slog.StringValue(withheld) }

// Format withholds the person from every fmt verb.
func (MineAnswer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// LogValue withholds the person from slog.
func (MineAnswer) LogValue() slog.Value { return slog.StringValue(withheld) }

// mineForm asks who it is.
type mineForm struct {
	Typed string
	// Mailed: a link was asked for.
	Mailed bool
	Faults faults
	Pause  webkit.Pause
	Note   template.HTML
}

// minePage is a page of one's own, in memory for a while.
type minePage struct {
	ID string
	// At is the path that ID belongs to.
	At     string
	Ask    MineAsk
	Answer MineAnswer
	// Done says what was just done: a key of the catalog.
	Done string
	// Foreign is the language of what is kept, where it is not the page's.
	Foreign lang.Locale
	Faults  faults
	Pause   webkit.Pause
	Note    template.HTML
}

func (k *Kiosk) mineRoutes() []webkit.Route {
	if k.cfg.Mine == nil {
		return nil
	}
	return []webkit.Route{
		{Method: "GET", Pattern: "/kiosk/leave/name", Handler: k.leaveNameForm},
		{Method: "POST", Pattern: "/kiosk/leave/name", Handler: k.leaveByName},
		{Method: "GET", Pattern: "/kiosk/mine", Handler: k.mineForm},
		{Method: "POST", Pattern: "/kiosk/mine", Handler: k.mineOpen},
		{Method: "POST", Pattern: "/kiosk/mine/mail", Handler: k.mineMail},
		{Method: "GET", Pattern: "/kiosk/mine/mailed", Handler: k.mineMailed},
		{Method: "GET", Pattern: "/kiosk/mine/{page}", Handler: k.minePage},
		{Method: "POST", Pattern: "/kiosk/mine/{page}", Handler: k.mineDo},
		{Method: "POST", Pattern: "/kiosk/mine/{page}/copy", Handler: k.mineCopy},
		{Method: "GET", Pattern: "/kiosk/mine/{page}/photo", Handler: k.minePhoto},
	}
}

func (k *Kiosk) mineForm(r *webkit.Request) (webkit.Response, error) {
	return k.askWho(r, mineForm{}, http.StatusOK)
}

func (k *Kiosk) askWho(r *webkit.Request, p mineForm, status int) (webkit.Response, error) {
	note, err := k.note(r)
	p.Pause, p.Note = k.pause(), note
	return webkit.Page{Name: "mine-who", Status: status, Path: "/kiosk/mine", Data: p}, err
}

// mineMail has a link sent to an address. The answer is the same whether or not
// the address is kept.
func (k *Kiosk) mineMail(r *webkit.Request) (webkit.Response, error) {
	to := r.Field("email")
	r.Withhold(to)
	err := error(lang.Problem{Key: "mine.mail_address"})
	if at := strings.LastIndex(to, "@"); at > 0 && at < len(to)-1 {
		_, err = k.ask(r, MineAsk{Knows: to, Do: "mail", Lang: string(r.Locale)})
	}
	var p lang.Problem
	if errors.As(err, &p) {
		p.Field = "email"
		return k.askWho(r, mineForm{Faults: faultsOf(r, p)}, http.StatusUnprocessableEntity)
	}
	return webkit.Redirect{To: r.Link("/kiosk/mine/mailed")}, err
}

func (k *Kiosk) mineMailed(r *webkit.Request) (webkit.Response, error) {
	return k.askWho(r, mineForm{Mailed: true}, http.StatusOK)
}

// mineOpen finds out whether it is they, and shows their page.
func (k *Kiosk) mineOpen(r *webkit.Request) (webkit.Response, error) {
	ask := MineAsk{Code: tidy(r.Field("code")), Knows: r.Field("knows"), Do: "see", Lang: string(r.Locale)}
	r.Withhold(ask.Code)
	r.Withhold(ask.Knows)
	got, err := k.ask(r, ask)
	var p lang.Problem
	if errors.As(err, &p) {
		if p.Field == "" {
			p.Field = "code"
		}
		return k.askWho(r, mineForm{Typed: r.Field("code"), Faults: faultsOf(r, p)}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return nil, err
	}
	page := minePage{ID: rand.Text(), At: "/kiosk/mine/", Ask: ask, Answer: got}
	k.mine.put(page.ID, page)
	return webkit.Redirect{To: r.Link("/kiosk/mine/" + page.ID)}, nil
}

func (k *Kiosk) ask(r *webkit.Request, a MineAsk) (MineAnswer, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	return k.cfg.Mine(ctx, a)
}

func (k *Kiosk) minePage(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.mine.get(r.PathValue("page"))
	if !ok {
		return webkit.Redirect{To: r.Link("/kiosk/mine")}, nil
	}
	return k.showMine(r, p, http.StatusOK)
}

func (k *Kiosk) showMine(r *webkit.Request, p minePage, status int) (webkit.Response, error) {
	note, err := k.note(r)
	p.Foreign = ""
	if p.Answer.Lang != "" {
		p.Foreign = foreign(p.Answer.Lang, r.Locale)
	}
	p.Note, p.Pause = note, webkit.Pause{Warn: 120, Clear: 150, To: "/kiosk"}
	return webkit.Page{Name: "mine", Status: status, Path: "/kiosk/mine/" + p.ID, Data: p}, err
}

// mineDo does what the person asks; "close" puts the page away.
func (k *Kiosk) mineDo(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.mine.get(r.PathValue("page"))
	switch {
	case !ok:
		return webkit.Redirect{To: r.Link("/kiosk/mine")}, nil
	case r.Field("do") == "close":
		k.mine.drop(p.ID)
		return webkit.Redirect{To: r.Link("/kiosk")}, nil
	}
	return k.doMine(r, p, k.mine, k.showMine)
}

// doMine does what the person asks on a page of a drawer, and puts the next one
// there instead. show shows a page as it is.
func (k *Kiosk) doMine(r *webkit.Request, p minePage, in *drawer[minePage], show func(*webkit.Request, minePage, int) (webkit.Response, error)) (webkit.Response, error) {
	ask, do := p.Ask, r.Field("do")
	done := doneWords[do]
	switch do {
	case "rectify":
		ask.Right = map[string]string{}
		for _, field := range mineFields {
			if text := r.Field(field); text != "" {
				r.Withhold(text)
				ask.Right[field] = text
			}
		}
	case "withdraw":
		ask.Purpose = r.Field("purpose")
	case "erase":
	default:
		return show(r, p, http.StatusUnprocessableEntity)
	}
	ask.Do, ask.Lang = do, string(r.Locale)
	got, err := k.ask(r, ask)
	var bad lang.Problem
	if errors.As(err, &bad) {
		p.Faults = faultsOf(r, bad)
		return show(r, p, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return nil, err
	}
	// What they have corrected may be what shows that it is they.
	for _, field := range []string{"phone", "email"} {
		if text := ask.Right[field]; text != "" && p.Ask.Link == "" {
			p.Ask.Knows = text
		}
	}
	next := minePage{ID: rand.Text(), At: p.At, Ask: p.Ask, Answer: got, Done: done}
	in.drop(p.ID)
	in.put(next.ID, next)
	return webkit.Redirect{To: r.Link(next.At + next.ID)}, nil
}

var mineFields = []string{"name", "company", "host", "email", "phone"}

var doneWords = map[string]string{"rectify": "mine.corrected", "withdraw": "mine.withdrawn", "erase": "mine.asked"}

// minePhoto is the picture that is kept of the person.
func (k *Kiosk) minePhoto(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.mine.get(r.PathValue("page"))
	if !ok || len(p.Answer.Photo) == 0 {
		return nil, lang.Problem{Key: "page.put_away"}
	}
	return webkit.File{Type: "image/jpeg", Name: "photo.jpg", Body: p.Answer.Photo}, nil
}

// TakesBack reports whether a consent may be taken back here: that to a photo by who
// shows no more than a badge, since to agree took no more.
func (p minePage) TakesBack(purpose string) bool { return !p.Answer.AtDesk || purpose == "photo" }

// mineCopy hands out what is stored for machines.
func (k *Kiosk) mineCopy(r *webkit.Request) (webkit.Response, error) {
	p, ok := k.mine.get(r.PathValue("page"))
	if !ok || len(p.Answer.Data) == 0 {
		return webkit.Redirect{To: r.Link("/kiosk/mine")}, nil
	}
	return webkit.File{Type: "application/json", Name: "upprop.json", Body: p.Answer.Data}, nil
}
