package statistics

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// house is what a desk retains.
type house struct {
	now     time.Time
	horizon record.Day
	all     []record.Presence
}

func (h *house) visits(fn func(record.Presence) error) error {
	for _, p := range h.all {
		if record.DayOf(p.Since.Time()) < h.horizon {
			continue
		}
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) come(n int, at time.Time, site record.SiteID, kind string) {
	for range n {
		p := record.Presence{Visit: record.VisitID{byte(len(h.all)), byte(len(h.all) >> 8), 1}, Type: kind, Since: record.HLCOf(at)}
		p.Arrived.At, p.Arrived.How, p.Arrived.Place.Site = p.Since, "kiosk", site
		h.all = append(h.all, p)
	}
}

func (h *house) service(t *testing.T, file string) *Service {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return Open(Config{
		File: file, Visits: h.visits, Horizon: func() record.Day { return h.horizon },
		Now: func() time.Time { return h.now }, Zone: zone,
	})
}

func TestCountsOutliveWhatTheyWereCountedFrom(t *testing.T) {
	h := &house{now: time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)}
	h.horizon = record.DayOf(h.now) - 30
	file := filepath.Join(t.TempDir(), "statistics.json")
	s := h.service(t, file)
	morning := time.Date(2026, 3, 10, 8, 30, 0, 0, time.UTC) // half past nine in Stockholm
	h.come(7, morning, "North", "visitor")
	h.come(3, morning, "North", "contractor")
	h.come(6, morning.Add(4*time.Hour), "North", "contractor")
	h.come(4, morning, "South", "visitor")
	h.come(9, h.now.Add(-time.Hour), "North", "visitor") // today
	// Late in the evening in UTC, the day after here.
	h.come(5, time.Date(2026, 3, 11, 23, 30, 0, 0, time.UTC), "North", "visitor")
	// Nobody who came: staff that is fed in, and who was only found outside.
	h.come(8, morning, "North", "visitor")
	for i := range 8 {
		p := &h.all[len(h.all)-1-i]
		if i < 4 {
			p.Arrived.How = record.HowFed
		} else {
			p.Added = true
		}
	}
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	check := func(s *Service) {
		t.Helper()
		r := s.Report("", "", "")
		want := []Day{
			{"2026-03-10", "North", Sum{Arrivals: 16}}, {"2026-03-10", "South", Sum{Few: 1}}, {"2026-03-12", "North", Sum{Arrivals: 5}},
		}
		if !slices.Equal(r.Days, want) || r.All != (Sum{21, 1}) {
			t.Fatalf("%+v", r)
		}
		if !slices.Equal(r.Hours, []Hour{{0, Sum{5, 0}}, {9, Sum{10, 1}}, {13, Sum{6, 0}}}) {
			t.Fatalf("%+v", r.Hours)
		}
		if !slices.Equal(r.Kinds, []Kind{{"contractor", Sum{9, 0}}, {"visitor", Sum{12, 1}}}) {
			t.Fatalf("%+v", r.Kinds)
		}
	}
	check(s)
	if r := s.Report("2026-03-11", "2026-03-31", "North"); len(r.Days) != 1 || r.All.Arrivals != 5 {
		t.Fatalf("%+v", r)
	}
	if got := s.Sites(); !slices.Equal(got, []record.SiteID{"North", "South"}) {
		t.Fatal(got)
	}
	// One who came to a cut-off door counts when that is heard of.
	h.come(1, morning, "South", "visitor")
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	if r := s.Report("2026-03-10", "2026-03-10", "South"); r.All != (Sum{5, 0}) {
		t.Fatalf("%+v", r)
	}
	// A node that was put back from a copy has heard of fewer at first.
	all := h.all
	h.all = h.all[:3]
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	if r := s.Report("", "", ""); r.All != (Sum{26, 0}) {
		t.Fatalf("%+v", r)
	}
	h.all = all
	// Two months later nothing is retained of it, and the counts stand.
	h.now = h.now.AddDate(0, 2, 0)
	h.horizon = record.DayOf(h.now) - 30
	h.come(6, h.now.Add(-48*time.Hour), "North", "visitor")
	again := h.service(t, file)
	for range 2 {
		if err := again.Count(); err != nil {
			t.Fatal(err)
		}
	}
	if r := again.Report("", "2026-03-31", ""); r.All != (Sum{26, 0}) {
		t.Fatalf("%+v", r)
	}
	if r := again.Report("2026-04-01", "", ""); r.All != (Sum{6, 0}) {
		t.Fatalf("%+v", r)
	}
	// Ten years later they are gone as well.
	h.now = h.now.AddDate(10, 1, 0)
	h.horizon = record.DayOf(h.now) - 30
	if err := again.Count(); err != nil {
		t.Fatal(err)
	}
	if r := again.Report("", "", ""); len(r.Days) != 0 {
		t.Fatalf("%+v", r)
	}
}

// A day that is half dropped keeps the count of when it was whole.
func TestADayThatIsBeingDroppedIsNotCountedAnew(t *testing.T) {
	h := &house{now: time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)}
	h.horizon = record.DayOf(h.now) - 30
	s := h.service(t, filepath.Join(t.TempDir(), "statistics.json"))
	// Two UTC days make up one day here.
	h.come(6, time.Date(2026, 3, 9, 23, 30, 0, 0, time.UTC), "North", "visitor")
	h.come(6, time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC), "North", "visitor")
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	h.horizon = record.DayOf(time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC))
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	if r := s.Report("", "", ""); r.All != (Sum{12, 0}) {
		t.Fatalf("%+v", r)
	}
}

func TestADamagedFileIsPutAside(t *testing.T) {
	h := &house{now: time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)}
	file := filepath.Join(t.TempDir(), "statistics.json")
	if err := os.WriteFile(file, []byte(`{"2026-03-01":{`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := h.service(t, file)
	if !s.Damaged() {
		t.Fatal("nothing is said")
	}
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file + ".damaged")
	if err != nil || !strings.Contains(string(b), "2026-03-01") {
		t.Fatal(err)
	}
	if h.service(t, file).Damaged() {
		t.Fatal("it is damaged again")
	}
}

// A day that is half dropped before it was ever counted has no count: half of
// one would pass for the whole.
func TestHalfADayIsNotCounted(t *testing.T) {
	h := &house{now: time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)}
	h.horizon = record.DayOf(time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC))
	s := h.service(t, filepath.Join(t.TempDir(), "statistics.json"))
	h.come(6, time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC), "North", "visitor")
	h.come(6, time.Date(2026, 3, 11, 8, 0, 0, 0, time.UTC), "North", "visitor")
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	if r := s.Report("", "", ""); len(r.Days) != 1 || r.Days[0].Date != "2026-03-11" {
		t.Fatalf("%+v", r)
	}
}
