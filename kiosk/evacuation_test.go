package kiosk_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// alarm is what runs at a door, and can be changed.
type alarm struct {
	mu sync.Mutex
	e  *kiosk.Evacuation
}

func (a *alarm) set(e *kiosk.Evacuation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.e = e
}

func (a *alarm) get() (kiosk.Evacuation, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.e == nil {
		return kiosk.Evacuation{}, false
	}
	return *a.e, true
}

func (a *alarm) at(c *kiosk.Config) { c.Evacuation = a.get }

var (
	realOne = kiosk.Evacuation{Since: at, Points: []kiosk.Point{
		{Name: "Parkeringen", Position: "vid den stora eken", Way: &kiosk.Way{Metres: 143, Degrees: 50}, Text: map[string]string{"sv": "Ställ dig innanför den vita linjen.", "en": "Stand inside the white line."}},
		{Name: "Hamntorget", Position: "framför kiosken", Way: &kiosk.Way{Metres: 260, Degrees: 271}},
		{Name: "Trapphus B, plan 2", Position: "till höger om hissen", Refuge: true},
	}}
	drillOne = kiosk.Evacuation{Drill: true, Since: at, Points: []kiosk.Point{
		{Name: "Gräsplanen", Way: &kiosk.Way{Metres: 85, Degrees: 338, NorthUp: true}},
	}}
)

// plain has no unbroken spaces.
func plain(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

func TestEvacuationTakesThePlaceOfArriving(t *testing.T) {
	var a alarm
	k, h, l := door(t, a.at)
	v := &visitor{t: t, k: k}
	v.get("/kiosk/arrive?lang=sv")
	form := v.form
	a.set(&realOne)
	for path, see := range map[string][]string{
		"/kiosk?lang=sv":        {"Utrymning! Gå ut nu.", "Evacuation! Get out now.", "Det här är ingen övning.", "Parkeringen", "vid den stora eken", "Cirka 140 m snett framåt höger", "åt vänster", "Ställ dig innanför", "Trapphus B, plan 2", "Jag går ut: checka ut", "Gå till en av de här platserna", "Sedan 10:02"},
		"/kiosk?lang=en":        {"Evacuation! Get out now.", "This is not a drill.", "Stand inside the white line.", "About 140 m ahead to the right"},
		"/kiosk/arrive?lang=sv": {"Utrymning! Gå ut nu."},
		"/kiosk/leave?lang=sv":  {"Utrymning! Gå ut nu.", "Brickkod"},
		"/kiosk/privacy":        {"Utrymning! Gå ut nu."},
	} {
		v.get(path)
		for _, s := range see {
			if !strings.Contains(plain(v.text()), s) {
				t.Errorf("%s does not say %q", path, s)
			}
		}
		if v.res.Code != http.StatusOK || strings.Contains(v.text(), `name="name"`) {
			t.Errorf("%s: %d", path, v.res.Code)
		}
		if strings.Contains(v.res.Body.String(), " style=") {
			t.Errorf("%s has inline style", path)
		}
	}
	// A form that was open is refused, and nothing in it is lost.
	v.post("/kiosk/arrive", "lang=sv", "form="+form, "name=Anna Öberg", "company=Ekström", "host=Karin", "needs_help=yes", "assist=Rullstol")
	page := v.res.Header().Get("Location")
	if len(h.checkedIn()) != 0 || !strings.HasPrefix(page, "/kiosk/held/") || strings.Contains(page, "Anna") {
		t.Fatal("checked in during an evacuation:", page)
	}
	v.follow()
	if s := v.text(); !strings.Contains(s, "Du är inte incheckad.") || strings.Contains(s, "Anna") {
		t.Error("the page of what is held:", s)
	}
	// People leave.
	v.post("/kiosk/leave", "code=7K3M9Q21")
	v.follow()
	if !strings.Contains(v.text(), "Du är utcheckad.") {
		t.Error("nobody can leave")
	}
	a.set(nil)
	v.get(page)
	if s := v.text(); !strings.Contains(s, "Var det du som hade börjat checka in?") || strings.Contains(s, "Anna") || strings.Contains(s, "Rullstol") {
		t.Fatal("who comes first to the screen reads another's name:", s)
	}
	v.post(strings.Split(page, "?")[0], "lang=sv", "do=continue")
	for _, s := range []string{`value="Anna Öberg"`, `value="Ekström"`, `value="Karin"`, `value="Rullstol"`, "checked", form} {
		if !strings.Contains(v.text(), s) {
			t.Errorf("what was written is lost: no %s", s)
		}
	}
	v.post("/kiosk/arrive", "lang=sv", "form=$form", "name=Anna Öberg")
	if v.follow(); len(h.checkedIn()) != 1 || !strings.Contains(v.text(), "Välkommen, Anna Öberg") {
		t.Error("the form that was held cannot be sent in")
	}
	if strings.Contains(l.String(), "Öberg") || strings.Contains(l.String(), "Rullstol") {
		t.Error("the log has what was written")
	}
}

func TestWhatIsHeldCanBeRemovedAndIsForgotten(t *testing.T) {
	var a alarm
	var mu sync.Mutex
	now := at
	k, _, _ := door(t, a.at, func(c *kiosk.Config) {
		c.Clock = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	v := &visitor{t: t, k: k}
	hold := func() string {
		t.Helper()
		a.set(&drillOne)
		v.post("/kiosk/arrive/hold", "lang=sv", "name=Anna")
		return v.res.Header().Get("Location")
	}
	gone := func(page, what string) {
		t.Helper()
		a.set(nil)
		v.get(page)
		if to := v.res.Header().Get("Location"); v.res.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/kiosk?") || strings.Contains(v.text(), "Anna") {
			t.Errorf("%s: %d %s", what, v.res.Code, to)
		}
	}
	page := hold()
	v.post(strings.Split(page, "?")[0], "lang=sv")
	gone(page, "removed")
	page = hold()
	mu.Lock()
	now = now.Add(46 * time.Minute)
	mu.Unlock()
	gone(page, "after its time")
	// Nobody answers, or another does.
	for what, answer := range map[string]func(string){
		"two minutes later": func(string) {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(2 * time.Minute)
		},
		"another's": func(page string) { v.post(strings.Split(page, "?")[0], "lang=sv", "do=forget") },
	} {
		page = hold()
		a.set(nil)
		v.get(page)
		if !strings.Contains(v.text(), "Var det du") {
			t.Fatal("it is not asked")
		}
		answer(page)
		gone(page, what)
		v.post(strings.Split(page, "?")[0], "lang=sv", "do=continue")
		if strings.Contains(v.text(), "Anna") {
			t.Error("what was forgotten comes back:", what)
		}
	}
	// An empty form leaves nothing behind, and a form that is put aside after
	// all is over comes straight back; neither checks anybody in.
	a.set(&drillOne)
	v.post("/kiosk/arrive/hold", "lang=sv", "name=")
	if to := v.res.Header().Get("Location"); to != "/kiosk?lang=sv" {
		t.Error(to)
	}
	a.set(nil)
	v.post("/kiosk/arrive/hold", "lang=sv", "name=Anna")
	if v.follow(); !strings.Contains(v.text(), `value="Anna"`) {
		t.Error("what was written is lost")
	}
}

// TestWithoutPoints: where none is set up, the page still says what to do.
func TestWithoutPoints(t *testing.T) {
	var a alarm
	k, _, _ := door(t, a.at)
	a.set(&kiosk.Evacuation{Since: at})
	v := &visitor{t: t, k: k}
	v.get("/kiosk?lang=sv")
	if s := v.text(); !strings.Contains(s, "Följ utrymningsledarna") || strings.Contains(s, "Gå till en av") {
		t.Error(s)
	}
}

// TestEvacuationAtTheDoor: every page notices by itself, and nothing that is
// being written is lost.
func TestEvacuationAtTheDoor(t *testing.T) {
	var a alarm
	k, h, _ := door(t, a.at)
	srv := serve(t, k)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/kiosk?lang=en")
	p.Wait(".choices")
	a.set(&drillOne)
	p.Wait(`.evac[data-kind="drill"]`)
	if got := plain(p.Text("h1")); got != "Drill! Get out now." {
		t.Error("in the language that was chosen:", got)
	}
	a.set(&realOne) // a drill becomes real
	p.Wait(`.evac[data-kind="real"]`)
	// A badge that is shown to the reader is a check-out, here too.
	scan(p, "7K3M9Q21")
	p.Wait(".evac-banner")
	p.Goto(srv.URL + "/kiosk?lang=sv")
	p.Wait(".evac")
	p.Click(".evac-out .button")
	p.Wait("#code")
	p.Type("7K3M")
	a.set(nil)
	p.Until(`!document.querySelector(".evac-banner")`)
	a.set(&realOne)
	p.Wait(".evac-banner")
	if got := p.Value("#code"); got != "7K3M" {
		t.Error("a code that is being typed is lost:", got)
	}
	p.Type("9Q21" + browsertest.Enter)
	p.Wait(".goodbye")
	a.set(nil)

	p.Goto(srv.URL + "/kiosk/arrive?lang=sv")
	p.Type("Anna Öberg" + browsertest.Tab + "Karin")
	a.set(&drillOne)
	p.Wait(".evac-held")
	if strings.Contains(p.URL(), "Anna") || len(h.checkedIn()) != 0 {
		t.Error("at", p.URL(), h.checkedIn())
	}
	a.set(nil)
	p.Wait(".resume")
	if gap := p.String(`(([a, b]) => String(b.getBoundingClientRect().top - a.getBoundingClientRect().bottom))(document.querySelectorAll(".resume .button"))`); gap != "28" {
		t.Errorf("the two answers are %s px apart", gap)
	}
	p.Click(`[value="continue"]`)
	p.Wait("#name")
	if p.Value("#name") != "Anna Öberg" || p.Value("#host") != "Karin" {
		t.Error("what was written is lost:", p.Value("#name"), p.Value("#host"))
	}
	p.Type(browsertest.Enter)
	p.Wait(".badge")
	a.set(&realOne)
	p.Wait(".evac-banner")
}

// scan types as a reader does.
func scan(p *browsertest.Page, code string) {
	p.Type(code + browsertest.Enter)
	p.Wait(".goodbye")
}

// TestEvacuationWithoutScript: the pages come anew by themselves.
func TestEvacuationWithoutScript(t *testing.T) {
	var a alarm
	k, _, _ := door(t, a.at)
	srv := serve(t, k)
	a.set(&realOne)
	p := browsertest.Start(t).Page(t, browsertest.Look{NoScript: true})
	p.Goto(srv.URL + "/kiosk?lang=sv")
	p.Wait(".evac")
	p.Click(".evac-out .button")
	p.Wait("#code")
	p.Type("7K3M9Q21" + browsertest.Enter)
	p.Wait(".goodbye")
	p.Goto(srv.URL + "/kiosk?lang=sv")
	a.set(nil)
	p.Wait(".choices")
}

// Whoever waits where the screen stands sees what they are told, and says how many
// they are by one press.
func TestScreenAtARefuge(t *testing.T) {
	var a alarm
	var heard []string
	k, _, _ := door(t, a.at, func(c *kiosk.Config) {
		c.Hear = func(_ context.Context, refuge string, count int, seen string) error {
			heard = append(heard, fmt.Sprint(refuge, " ", count, " ", seen))
			return nil
		}
	})
	e := realOne
	e.Here = &kiosk.Point{Name: "Trapphus B, plan 2", Refuge: true}
	a.set(&e)
	v := &visitor{t: t, k: k}
	read := func() string { v.get("/kiosk?lang=en"); return plain(v.text()) }
	press := func(fields ...string) int { v.post("/kiosk/here", fields...); return v.res.Code }
	page := read()
	for _, want := range []string{"This is a refuge: Trapphus B, plan 2", "No answer yet.", "Inget svar än.", `name="count" value="9">9+`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the screen", want)
		}
	}
	if v.get("/kiosk?lang=ar"); !strings.Contains(v.res.Body.String(), `<p class="refuge-other" lang="en" dir="ltr">No answer yet.`) {
		t.Error("English words on an Arabic page are not said to be")
	}
	before := stateIn(page)
	told := e
	told.Here = &kiosk.Point{Name: "Trapphus B, plan 2", Refuge: true, Talk: kiosk.Refuge{
		Told: &kiosk.Told{Help: "coming", Role: "warden", At: at}, Seen: "x:1", Beside: []kiosk.Told{{Help: "stay", Role: "desk", At: at}},
		Before: []kiosk.Told{{Help: "told", At: at}}, Heard: at, Count: 3, Still: true,
	}}
	a.set(&told)
	page = read()
	for _, want := range []string{
		"Help is on its way.", "Says a warden, ", "Others say something else:", "Says the reception, ", "Said before:", "Says those who lead, ", ": 3 people are here.",
		"It reaches those who lead as soon as", "Are you still here?",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the screen:\n%s", want, page)
		}
	}
	if stateIn(page) == before {
		t.Error("an open page does not hear that something was said")
	}
	if code := press("count=4", "seen=x:1"); code != http.StatusSeeOther || len(heard) != 1 || heard[0] != "Trapphus B, plan 2 4 x:1" {
		t.Error(code, heard)
	}
	for _, bad := range []string{"", "0", "10", "a"} {
		if code := press("count=" + bad); code < 400 {
			t.Error(bad, code)
		}
	}
	a.set(nil)
	if code := press("count=4"); code != http.StatusSeeOther || len(heard) != 1 {
		t.Error("it is over:", code, heard)
	}
}

// stateIn is what a page listens for.
func stateIn(page string) string {
	_, rest, _ := strings.Cut(page, `data-live="/kiosk/live/`)
	state, _, _ := strings.Cut(rest, `"`)
	return state
}
