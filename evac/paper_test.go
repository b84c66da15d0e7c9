package evac_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/evac/paper"
)

// printed is what was put on record.
type printed struct {
	named []record.VisitID
	what  []string
	err   error
}

func (p *printed) act(named []record.VisitID, what string) error {
	if p.err != nil {
		return p.err
	}
	p.named, p.what = append(p.named, named...), append(p.what, what)
	return nil
}

func withPaper(t testing.TB, on *printed) func(*evac.Config) {
	t.Helper()
	p, err := paper.New()
	if err != nil {
		t.Fatal(err)
	}
	return func(c *evac.Config) { c.Paper, c.Printed = p, on.act }
}

func printing() (*house, []record.Presence) {
	h := newHouse()
	h.hear(evac.Entrance{Node: node(1), Name: "Här", Site: "Norra", Here: true, CompleteAsOf: at})
	a, b := present(1, 1, "Plan 3"), present(2, 1, "Plan 3")
	h.add(a, &record.Card{Name: "Anna Öberg"})
	h.add(b, nil)
	return h, []record.Presence{a, b}
}

func TestPrinting(t *testing.T) {
	h, who := printing()
	h.evacuate(record.Start{ID: record.EvacID{1}, At: record.HLCOf(at), Drill: true})
	var on printed
	s := api(t, h, withPaper(t, &on))
	for _, name := range []string{"list", "handover", "report"} {
		w := get(t, s, "/api/v1/evacuation/"+name+".pdf?lang=en")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(w.Body.String(), "%PDF-") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", name)
		}
	}
	want := []string{"list, 2 people, 1 with names", "handover, 2 people, 1 with names", "report of " + record.EvacID{1}.String()}
	if !slices.Equal(on.what, want) {
		t.Errorf("on record: %q", on.what)
	}
	if !slices.Equal(on.named, []record.VisitID{who[0].Visit, who[0].Visit}) {
		t.Errorf("names of %v are on record", on.named)
	}
}

func TestNoPaperThatIsNotOnRecord(t *testing.T) {
	h, _ := printing()
	s := api(t, h, withPaper(t, &printed{err: errors.New("full")}))
	w := get(t, s, "/api/v1/evacuation/list.pdf")
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "%PDF") {
		t.Errorf("%d %.100s", w.Code, w.Body)
	}
}

func TestPrintingRefuses(t *testing.T) {
	h, _ := printing()
	var on printed
	s := api(t, h, withPaper(t, &on))
	for path, want := range map[string]int{
		"list.pdf?lang=fi": 400, "list.pdf?site=Nowhere": 404, "report.pdf": 404, "report.pdf?id=x": 400, "handover.pdf?lang=SV": 400,
	} {
		if w := get(t, s, "/api/v1/evacuation/"+path); w.Code != want || !strings.Contains(w.Body.String(), `"hint"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := get(t, api(t, h), "/api/v1/evacuation/list.pdf"); w.Code != http.StatusNotFound {
		t.Errorf("without paper: %d", w.Code)
	}
	if len(on.what) > 0 {
		t.Errorf("on record: %q", on.what)
	}
}

func TestPrintingOnTheScreen(t *testing.T) {
	h, _ := printing()
	var on printed
	s, _ := muster(t, h, withPaper(t, &on))
	if body := get(t, s, "/warden").Body.String(); !strings.Contains(body, `href="/warden/list.pdf`) || !strings.Contains(body, `href="/warden/handover.pdf`) {
		t.Error("no links to the papers")
	}
	if w := get(t, s, "/warden/list.pdf"); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "%PDF-") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	hidden, _ := muster(t, h, withPaper(t, &on), func(c *evac.Config) { c.Withhold = func(*http.Request) bool { return true } })
	if body := get(t, hidden, "/warden").Body.String(); strings.Contains(body, "list.pdf") {
		t.Error("a screen that may not show names leads to the paper")
	}
	if w := get(t, hidden, "/warden/list.pdf"); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "%PDF") {
		t.Errorf("a paper for who may not read names: %d", w.Code)
	}
	if !slices.Equal(on.what, []string{"list, 2 people, 1 with names"}) {
		t.Errorf("on record: %q", on.what)
	}
}
