package kiosk

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/steps"
	"github.com/upprop/upprop/kiosk/webkit"
)

// patience is for how long a check-in may take. It goes on when the browser
// has gone: a second press of the button closes the first connection, and the
// visit must not hang between the two.
const patience = 15 * time.Second

// arrivePage is the form with what was typed and what is wrong with it.
type arrivePage struct {
	Form    string
	Type    Type
	Arrival Arrival
	Ticked  bool
	// Hosts: hosts can be found while they are typed.
	Hosts bool
	// Invite is the page of the invitation that the visitor came by.
	Invite string
	// Before: the visitor filled it in before they came.
	Before bool
	// Folded: nothing of that is lacking, and it is out of sight until it is asked for.
	Folded bool
	// Pass: the form was filled in by a pass.
	Pass   bool
	Papers steps.Papers
	Faults faults
	Pause  webkit.Pause
	// Consent are the words that the tick agrees to, and ConsentLang their language
	// where it is not the page's.
	Consent     string
	ConsentLang lang.Locale
	// PhotoWords are those that the tick for a photo agrees to, PhotoLang their
	// language where it is not the page's. Agreed says that it is ticked.
	PhotoWords string
	PhotoLang  lang.Locale
	Agreed     bool
	// Present: nobody has been away from it since it was written. Asked is when it
	// was first asked whether its writer is there; zero before.
	Present bool
	Asked   time.Time
}

func (k *Kiosk) arrivalForm(r *webkit.Request, p arrivePage, status int) webkit.Page {
	invite, _ := k.invites.get(p.Invite)
	p.Before = invite.Filled
	p.Folded = p.Before && len(p.Faults) == 0 && p.Arrival.whole(p.Type)
	p.Pause, p.Papers, p.Hosts = k.pause(), steps.Lines(p.Type.Papers, r.Locale, invite.Signed.Under()), k.cfg.FindHosts != nil
	if p.Papers.Ask() {
		p.Pause = webkit.Pause{Warn: 3 * k.cfg.Warn.Seconds(), Clear: (3*k.cfg.Warn + k.cfg.Clear - k.cfg.Warn).Seconds(), To: "/kiosk"}
	}
	p.Consent = r.Text("arrive.assist_consent", nil)
	if k.cfg.Consent != nil {
		if words, in := k.cfg.Consent(r.Locale); words != "" {
			p.Consent, p.ConsentLang = words, foreign(in, r.Locale)
		}
	}
	if k.cfg.PhotoConsent == nil {
		p.Type.NoPhoto = true
	} else if p.Type.Asks("photo") {
		words, in := k.cfg.PhotoConsent(r.Locale)
		p.PhotoWords, p.PhotoLang = words, foreign(in, r.Locale)
	}
	path := "/kiosk/arrive"
	if p.Invite != "" {
		path = "/kiosk/invited/" + p.Invite
	} else if p.Type.ID != "" {
		path += "/" + p.Type.ID
	}
	return webkit.Page{Name: "arrive", Path: path, Status: status, Data: p, Refresh: webkit.Refresh{After: 5 * time.Minute, To: "/kiosk"}}
}

// arrivalOf is what somebody wrote, and as it was typed: the box for help, and
// whether it was ticked.
func arrivalOf(r *webkit.Request) (a Arrival, typed string, ticked bool) {
	a = Arrival{
		Name: r.Field("name"), Company: r.Field("company"), Host: r.Field("host"),
		Phone: r.Field("phone"), Email: r.Field("email"), Purpose: r.Field("purpose"), Type: r.Field("type"),
		Lang: string(r.Locale), Signature: r.Field("signature"), Drawing: r.Field("drawing"), Signed: map[string]string{},
		With: r.Lines("with"),
	}
	// The tick is the consent: without it nothing about help is kept, whatever
	// stands in the box.
	typed, ticked = r.Field("assist"), r.Field("needs_help") != ""
	if ticked {
		a.Assist = typed
		a.Under16 = r.Field("under16") != ""
		a.Guardian = a.Under16 && r.Field("guardian") != ""
	}
	// So is this one: without it no picture is looked at.
	if r.Field("photo_agreed") != "" {
		a.Photo, _ = base64.RawURLEncoding.DecodeString(r.Field("photo"))
	}
	return a, typed, ticked
}

// Picture is the photo as the form holds it. Templates call it.
func (p arrivePage) Picture() string { return base64.RawURLEncoding.EncodeToString(p.Arrival.Photo) }

// written reports whether anything has been written at all.
func (a Arrival) written() bool {
	return a.Name+a.Company+a.Host+a.Assist+a.Phone+a.Email+a.Purpose+a.With != ""
}

// whole reports whether nothing is empty that a type must say, besides the name.
func (a Arrival) whole(t Type) bool {
	for field, text := range map[string]string{"host": a.Host, "company": a.Company, "phone": a.Phone, "email": a.Email, "purpose": a.Purpose} {
		if t.Must(field) && text == "" {
			return false
		}
	}
	return true
}

// namesOf are the names of a text with one on each line.
func namesOf(text string) (out []string) {
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func formOf(r *webkit.Request) string {
	if form := r.Field("form"); form != "" {
		return form
	}
	return rand.Text()
}

// errEvacuation refuses a check-in: nobody is let into a place that is being
// evacuated.
var errEvacuation = lang.Problem{Key: lang.ClosedEvacuation}

func (k *Kiosk) arrive(r *webkit.Request) (webkit.Response, error) {
	a, typed, ticked := arrivalOf(r)
	held := a
	if ticked && a.Assist == "" {
		a.Assist = r.TextIn(lang.Default, "arrive.assist_unspecified")
	}
	form := formOf(r)
	kind, _ := k.typeOf(a.Type)
	for _, p := range kind.Papers {
		if hash := r.Field("paper-" + p.ID); hash != "" {
			a.Signed[p.ID] = hash
		}
	}
	page := r.Field("invite")
	invite, ok := k.invites.get(page)
	if ok {
		a.Invitation, a.HostMail = invite.ID, invite.HostMail
		a.Before = invite.Signed.Standing(kind.Papers, a.Signed)
	}
	content := []string{a.Name, a.Company, a.Host, a.Assist, a.Phone, a.Email, a.Purpose, a.Type, a.Signature, a.Drawing, a.Invitation, a.With, string(a.Photo), strconv.FormatBool(a.Under16), strconv.FormatBool(a.Guardian)}
	to, err := k.submitted.do(r.Context(), form, content, func() (string, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer done()
		if _, on := k.cfg.Evacuation(); on {
			return "", errEvacuation
		}
		var with []string
		if kind.Group {
			with = namesOf(a.With)
		}
		all, err := k.cfg.Visits.CheckInGroup(ctx, a, with)
		if err != nil {
			return "", err
		}
		k.invites.drop(page)
		shown := rand.Text()
		w := welcome{Receipt: all[0], Others: all[1:], With: with, Type: kind, Name: a.Name, Company: a.Company, Host: a.Host, Phone: a.Phone, Email: a.Email}
		if !w.Receipt.Wait { // the reception hands it out
			w.Coming = k.print(r, w)
		}
		k.welcomes.put(shown, w)
		return "/kiosk/welcome/" + shown, nil
	})
	var p lang.Problem
	if errors.As(err, &p) && p.Key == errEvacuation.Key {
		if _, on := k.cfg.Evacuation(); on {
			return k.hold(r, held, ticked, form), nil
		}
	}
	if errors.As(err, &p) && p.Field != "" {
		a.Assist = typed
		return k.arrivalForm(r, arrivePage{
			Form: form, Type: kind, Invite: page, Pass: invite.Pass, Arrival: a, Ticked: ticked, Agreed: len(a.Photo) > 0, Faults: faultsOf(r, p),
		}, http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link(to)}, nil
}
