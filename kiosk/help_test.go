package kiosk_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
)

// porter is a real, small Help in memory.
type porter struct {
	mu      sync.Mutex
	call    kiosk.Call
	refuse  error
	rung    int
	dropped int
}

func (p *porter) Ring() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return p.refuse
	}
	p.rung++
	p.call = kiosk.Call{On: true, Since: at, State: kiosk.CallWaiting}
	return nil
}

func (p *porter) Withdraw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped++
	p.call = kiosk.Call{}
}

func (p *porter) Now() kiosk.Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.call
}

func (p *porter) set(c kiosk.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.call = c
}

func TestHelpSaysOnlyWhatIsSo(t *testing.T) {
	p := &porter{}
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Help, c.Phone = p, "031-123 45 67"
		c.Entrances = func() []string { return []string{"East gate"} }
	})
	v := &visitor{t: t, k: k}
	for _, path := range []string{"/kiosk", "/kiosk/arrive", "/kiosk/leave", "/kiosk/privacy", "/kiosk/goodbye", "/kiosk/nowhere"} {
		if v.get(path + "?lang=en"); strings.Count(v.text(), "</svg>I need help</") != 1 || !strings.Contains(v.text(), `action="/kiosk/help"`) {
			t.Errorf("%s has no way to the desk", path)
		}
	}
	v.post("/kiosk/help", "lang=en", "back=/kiosk/leave")
	page := v.res.Header().Get("Location")
	for _, c := range []struct {
		call      kiosk.Call
		has       string
		elsewhere bool
	}{
		{kiosk.Call{On: true, State: kiosk.CallWaiting}, "Calling the reception", false},
		{kiosk.Call{On: true, State: kiosk.CallWaiting, Late: true}, "Nobody has seen your call yet", true},
		{kiosk.Call{On: true, State: kiosk.CallWaiting, Cut: true}, "This screen cannot reach the reception", true},
		{kiosk.Call{On: true, State: kiosk.CallShown, Cut: true}, "This screen cannot reach the reception", true},
		{kiosk.Call{On: true, State: kiosk.CallShown}, "The reception has been called</h1>", false},
		{kiosk.Call{On: true, State: kiosk.CallShown, Late: true}, "has not answered yet", true},
		{kiosk.Call{On: true, State: kiosk.CallComing}, "Somebody is on the way", false},
		{kiosk.Call{On: true, State: kiosk.CallDone}, "Your call is over", false},
		{kiosk.Call{}, "No call is under way", true},
	} {
		p.call = c.call
		v.get(page)
		called := strings.Contains(v.text(), "The reception has been called")
		if v.res.Code != http.StatusOK || !strings.Contains(v.text(), c.has) || called != (c.call.State == kiosk.CallShown && !c.call.Cut) ||
			strings.Contains(v.text(), "031-123 45 67") != c.elsewhere || strings.Contains(v.text(), "East gate") != c.elsewhere {
			t.Errorf("%+v:\n%s", c.call, v.text())
		}
		if !strings.Contains(v.text(), `href="/kiosk/leave?lang=en"`) {
			t.Error("there is no way back")
		}
	}
	v.post(strings.Split(page, "?")[0], "lang=en")
	if p.dropped != 1 || v.res.Header().Get("Location") != "/kiosk/leave?lang=en" {
		t.Error(p.dropped, v.res.Header().Get("Location"))
	}
	p.refuse = lang.Problem{Key: "help.often"}
	v.post("/kiosk/help", "lang=en", "back=https://evil.example")
	v.follow()
	if !strings.Contains(v.text(), "several times just now") || !strings.Contains(v.text(), `href="/kiosk?lang=en"`) {
		t.Error(v.text())
	}
}

// What the page says of itself is in the reader's language, as all else.
func TestHelpInArabic(t *testing.T) {
	k, _, _ := door(t, func(c *kiosk.Config) { c.Help = &porter{} })
	v := &visitor{t: t, k: k}
	v.post("/kiosk/help", "lang=ar")
	if v.follow(); strings.Contains(v.text(), "Updates by itself") || !strings.Contains(v.text(), "تُحدَّث الصفحة تلقائيًا") {
		t.Error(v.text())
	}
}

// A form that is being written waits for its writer; its words are in no address.
func TestHelpKeepsTheForm(t *testing.T) {
	p := &porter{}
	k, _, _ := door(t, func(c *kiosk.Config) { c.Help = p })
	v := &visitor{t: t, k: k}
	v.post("/kiosk/help", "lang=en", "form=F", "name=Anna Marker", "back=/kiosk/arrive")
	v.follow()
	_, after, ok := strings.Cut(v.text(), `href="/kiosk/held/`)
	id, _, _ := strings.Cut(after, "?")
	if !ok || p.rung != 1 || strings.Contains(v.text(), "Marker") {
		t.Fatal(p.rung, v.text())
	}
	if v.get("/kiosk/held/" + id + "?lang=en"); !strings.Contains(v.text(), `value="Anna Marker"`) {
		t.Error("what was written is lost:", v.text())
	}
}

func TestHelpWithoutDesks(t *testing.T) {
	k, _, _ := door(t)
	v := &visitor{t: t, k: k}
	v.post("/kiosk/help", "lang=en")
	if v.follow(); !strings.Contains(v.text(), "cannot reach the reception") {
		t.Error(v.text())
	}
}

// Where one waits for help to get out of the house, the button leads there.
func TestHelpInAnEvacuation(t *testing.T) {
	p := &porter{}
	e := kiosk.Evacuation{Since: at, Points: []kiosk.Point{{Name: "Stair B", Refuge: true}}}
	k, _, _ := door(t, func(c *kiosk.Config) {
		c.Help, c.Evacuation = p, func() (kiosk.Evacuation, bool) { return e, true }
	})
	v := &visitor{t: t, k: k}
	if v.get("/kiosk?lang=en"); !strings.Contains(v.text(), `href="#stay-h"`) {
		t.Error("the page has no way to its refuge")
	}
	if v.post("/kiosk/help", "lang=en"); v.res.Header().Get("Location") != "/kiosk?lang=en#stay-h" || p.rung != 0 {
		t.Error(v.res.Header().Get("Location"), p.rung)
	}
	e.Points = nil
	if v.post("/kiosk/help", "lang=en"); p.rung != 1 {
		t.Error("nowhere to wait, and nobody is called")
	}
}
