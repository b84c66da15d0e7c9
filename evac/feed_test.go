package evac_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
)

func feedOf(name record.FeedName, site record.SiteID, heard time.Time) evac.Feed {
	return evac.Feed{Name: name, Node: node(1), Place: record.Place{Site: site, Entrance: "Staff door"}, Heard: heard, Quiet: time.Hour}
}

func TestFeeds(t *testing.T) {
	in := evac.Input{Now: at, Entrances: []evac.Entrance{{Node: node(1), Name: "East", Site: "North", Here: true, CompleteAsOf: at}}}
	in.Feeds = []evac.Feed{
		feedOf("Access", "North", at.Add(-time.Minute)), feedOf("Doors", "South", at.Add(-2*time.Hour)), feedOf("New", "", time.Time{}),
		feedOf("Ahead", "North", at.Add(time.Hour)),
	}
	l := evac.Fold(in)
	var names []string
	for _, f := range l.Feeds {
		names = append(names, string(f.Name)+map[bool]string{true: " silent"}[f.Silent])
	}
	if got := strings.Join(names, ","); got != "Doors silent,New silent,Access,Ahead" || l.Scope != evac.ScopeStaff {
		t.Fatal(got, l.Scope)
	}
	if !l.Feeds[3].Heard.Equal(l.AsOf) {
		t.Error("a clock that is ahead is believed:", l.Feeds[3].Heard)
	}
	// A site's list names the feeds of that site, and those of none.
	in.Site = "North"
	if l := evac.Fold(in); len(l.Feeds) != 3 {
		t.Errorf("%+v", l.Feeds)
	}
	// That somebody was seen by one just now tells when its word came, which may
	// have waited long, and not that it is heard.
	in.Site = ""
	in.Presences = []record.Presence{with(presentAt(1, 1, "", record.HLCOf(at)), func(p *record.Presence) {
		p.Type, p.Seen.How, p.Seen.Place = "staff", record.HowFed, record.Place{Site: "South", Entrance: "Staff door"}
	})}
	if l := evac.Fold(in); !l.Feeds[0].Silent || heardOf(l, "Doors") != at.Add(-2*time.Hour) {
		t.Errorf("%+v", l.Feeds)
	}
	b, err := evac.Fold(in).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var wire struct {
		Feeds []struct {
			Name   string  `json:"name"`
			Heard  *string `json:"last_heard"`
			Silent bool    `json:"silent"`
		} `json:"feeds"`
	}
	if err := json.Unmarshal(b, &wire); err != nil || len(wire.Feeds) != 4 || wire.Feeds[1].Heard != nil || !wire.Feeds[1].Silent || wire.Feeds[2].Heard == nil {
		t.Errorf("%s %v", b, err)
	}
	if r := evac.FoldReport(in, record.Evacuation{}, nil); len(r.Feeds) != 4 || r.Scope != evac.ScopeStaff {
		t.Errorf("%+v", r.Feeds)
	}
}

func heardOf(l evac.List, name record.FeedName) time.Time {
	for _, f := range l.Feeds {
		if f.Name == name {
			return f.Heard
		}
	}
	return time.Time{}
}

// Who is counted stands on the page, and that a feed is silent where doubt
// stands, also when the list holds nobody.
func TestFeedsAreSaid(t *testing.T) {
	h := newHouse()
	h.entrances = []evac.Entrance{{Node: node(1), Name: "East", Here: true, CompleteAsOf: at}}
	s, _ := muster(t, h)
	for _, x := range []struct {
		heard  time.Time
		en, sv string
		doubt  bool
	}{
		{at.Add(-time.Minute), "Visitors, and staff as fed from Access (last heard 10:01:14).", "Besökare, och personal enligt Access (hördes senast 10:01:14).", false},
		{at.Add(-2 * time.Hour), "Visitors, and staff as fed from Access.", "Besökare, och personal enligt Access.", true},
		{time.Time{}, "Visitors, and staff as fed from Access.", "Besökare, och personal enligt Access.", true},
	} {
		h.feeds = []evac.Feed{feedOf("Access", "", x.heard)}
		for _, l := range []lang.Locale{lang.English, lang.Swedish} {
			body := get(t, s, "/warden?lang="+string(l)).Body.String()
			scope := map[lang.Locale]string{lang.English: x.en, lang.Swedish: x.sv}[l]
			missing := map[lang.Locale]string{lang.English: "Staff may be missing from the list: ", lang.Swedish: "Personal kan saknas på listan: "}[l]
			empty := map[lang.Locale]string{lang.English: "the building may not be empty", lang.Swedish: "huset behöver inte vara tomt"}[l]
			if !strings.Contains(body, scope) || strings.Contains(body, missing) != x.doubt || !strings.Contains(body, empty) {
				t.Errorf("%s: %q, %v: %s", l, scope, x.doubt, body)
			}
		}
	}
}

// TestDoubtIsSaidInSentences: that an entrance is late and that a feed is silent
// are two sentences, and the silence is told once.
func TestDoubtIsSaidInSentences(t *testing.T) {
	h := newHouse()
	h.entrances = []evac.Entrance{{Node: node(1), Name: "East", Here: true, CompleteAsOf: at}, {Node: node(2), Name: "West", LastHeard: at.Add(-time.Hour), CompleteAsOf: at.Add(-time.Hour)}}
	h.feeds = []evac.Feed{feedOf("Access", "", at.Add(-2*time.Hour))}
	s, _ := muster(t, h)
	for l, says := range map[string]string{
		"en": "does not show. Staff may be missing from the list: Access (SILENT since 08:02:14).",
		"sv": "syns inte. Personal kan saknas på listan: Access (TYST sedan 08:02:14).",
	} {
		body := get(t, s, "/warden?lang="+l).Body.String()
		if !strings.Contains(body, says) || strings.Count(body, "08:02:14") != 1 {
			t.Errorf("%s: not %q: %s", l, says, body)
		}
	}
	h.open = []record.Presence{presentAt(1, 2, "", record.HLCOf(at.Add(-30*time.Minute)))}
	if body := get(t, s, "/warden?lang=en").Body.String(); !strings.Contains(body, "1 not sure: West last heard 09:02:14. Staff may be missing") {
		t.Errorf("not two sentences: %s", body)
	}
}
