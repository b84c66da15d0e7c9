package evac_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

var stairs = record.RefugeAt{Point: "Trapphus B, plan 3"}

// waits has somebody marked as waiting at a refuge.
func waits(t *testing.T, h *house, n uint32, at record.PointName) {
	t.Helper()
	if err := (bell{h: h}).Mark(t.Context(), visitOf(n).String(), record.Refuge, at, "screen", record.OnceID{}); err != nil {
		t.Fatal(err)
	}
}

func TestThoseWhoWaitAreAnswered(t *testing.T) {
	h, s := alarmed(t)
	f := &follow{s: s}
	waits(t, h, 0, stairs.Point)
	_, _, page := f.do(t, "GET", "/warden?lang=en", nil)
	has(t, page, "Refuges: 1 is to be answered", `href="/warden/refuge?lang=en"`)
	_, _, page = f.do(t, "GET", "/warden/refuge?lang=en", nil)
	has(t, page, "Trapphus B, plan 3", "1 waits here", "No answer yet.", "Hissbryggan")

	form := url.Values{"lang": {"en"}, "point": {string(stairs.Point)}, "says": {"coming"}}
	_, to, page := f.do(t, "POST", "/warden/refuge", form)
	has(t, page, "Help is on its way. Said by Handenhet 2, 10:02:14.", "Nobody there has answered since.", `aria-pressed="true"`)
	if !strings.Contains(to, "#z-") {
		t.Error("led to", to)
	}
	h.call(stairs, record.Call{Fact: (bell{h: h}).fact("screen"), Count: 3})
	_, _, page = f.do(t, "GET", "/warden/refuge?lang=en", nil)
	has(t, page, "Heard from there 10:02:14: 3 people (Handenhet 2).", "They have answered since.", "Whoever answered had not heard this.")
	_, _, page = f.do(t, "GET", "/warden?lang=en", nil)
	has(t, page, "Refuges: 1 waits")

	form.Set("says", "fetched")
	_, _, page = f.do(t, "POST", "/warden/refuge", form)
	has(t, page, "Everybody here has been fetched. Said by", "Said before:")
	if strings.Contains(page, "somebody may still be there") {
		t.Error("who had heard them is not believed")
	}
	h.call(stairs, record.Call{Fact: (bell{h: h}).fact("screen"), Count: 1})
	_, _, page = f.do(t, "GET", "/warden/refuge?lang=sv", nil)
	has(t, page, "De fick veta att alla är hämtade, och någon kan vara kvar.")

	form.Set("says", "beamed")
	if status, _, _ := f.do(t, "POST", "/warden/refuge", form); status != http.StatusUnprocessableEntity {
		t.Error(status)
	}
	r, err := s.Report(record.EvacID{}, "")
	if err != nil || len(r.Refuges) != 4 || r.Refuges[0].Help != record.HelpComing || r.Refuges[1].Count != 3 {
		t.Errorf("%v %+v", err, r.Refuges)
	}
	var csv strings.Builder
	if err := r.CSV(&csv); err != nil || !strings.Contains(csv.String(), `refuge_heard_3,"Trapphus B, plan 3",Handenhet 2`) {
		t.Error(err, csv.String())
	}
	h.evacuate()
	if status, _, page := f.do(t, "GET", "/warden/refuge?lang=en", nil); status == 200 || !strings.Contains(page, "No evacuation or drill is running") {
		t.Error("at rest:", status)
	}
}

// Two who had not heard of each other are both shown, and it is said.
func TestRefugeOfTwoHalves(t *testing.T) {
	h, s := alarmed(t)
	waits(t, h, 1, stairs.Point)
	one := (bell{h: h}).fact("screen")
	h.call(stairs, record.Call{Fact: one, Help: record.HelpComing})
	h.call(stairs, record.Call{Fact: (bell{h: h}).fact("screen"), Help: record.HelpStay})
	h.mu.Lock()
	h.calls[1].Over = nil
	h.mu.Unlock()
	_, _, page := (&follow{s: s}).do(t, "GET", "/warden/refuge?lang=en", nil)
	has(t, page, "Stay where you are. It is safest there for now. Said by", "Others say something else:", "data-urgent")
	var got []struct {
		Point   string
		Waiting int
		Told    *struct{ Help, By, Role string }
		Beside  []struct{ Help string }
		Heard   *struct{}
	}
	body := get(t, verbs(s), "/api/v1/evacuation/refuges").Body.Bytes()
	if err := json.Unmarshal(body, &got); err != nil || len(got) != 2 || got[0].Told == nil || got[0].Told.Help != "stay" || len(got[0].Beside) != 1 || got[0].Waiting != 1 {
		t.Errorf("%v %s", err, body)
	}
	if got[1].Told != nil || got[1].Heard != nil || got[1].Point != "Hissbryggan" {
		t.Errorf("%s", body)
	}
	h.evacuate()
	if w := get(t, verbs(s), "/api/v1/evacuation/refuges"); w.Code != http.StatusConflict {
		t.Error(w.Code)
	}
}

// Who has said by their link that they need help waits somewhere at their site.
func TestWhoWaitsNobodyKnowsWhere(t *testing.T) {
	h, s := alarmed(t)
	waits(t, h, 0, "")
	_, _, page := (&follow{s: s}).do(t, "GET", "/warden/refuge?lang=en", nil)
	has(t, page, "lace not said", "1 waits here")
}

func verbs(s *evac.Service) *http.ServeMux {
	mux := http.NewServeMux()
	s.API(mux)
	return mux
}
