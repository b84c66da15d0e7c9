package paper

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
)

func reportOf(n int) evac.Report {
	began := at.Add(-30 * time.Minute)
	r := evac.Report{
		Evacuation: record.Evacuation{Drill: true, At: record.HLCOf(began)}, Ended: at, Reason: "Alla återfunna", AsOf: at, Scope: evac.ScopeVisitors,
		AtStart: n, Counts: evac.Counts{Safe: n, Total: n},
		Points: []evac.PointCount{{Point: "Parkeringen", Known: true, Safe: n - 3}, {Point: "Skogen", Safe: 2}, {Safe: 1}},
		Missed: []evac.MissedPerson{{Visit: visit(7)}}, Gone: []evac.GonePerson{{Visit: visit(8)}, {Visit: visit(9)}},
		Silent: []evac.Door{{Name: "Östra grinden", CompleteAsOf: at.Add(-10 * time.Minute)}, {Name: "Ny nod"}},
		Sweeps: []evac.Swept{{Site: "Norra", Zone: "Plan 2", Clear: true, At: at, By: "Handenhet 2"}},
		Refuges: []evac.RefugeSaid{
			{RefugeAt: record.RefugeAt{Point: "Trapphus B, plan 3"}, Told: evac.Told{Count: 3, At: began, By: "Receptionen"}},
			{RefugeAt: record.RefugeAt{Site: "Norra"}, Told: evac.Told{Help: record.HelpFetched, At: at, By: "Handenhet 2"}},
		},
		Courses: []evac.Course{
			{Name: "Receptionen", Spans: []evac.Span{{From: began, To: at, News: evac.Here, LastHeard: began}}},
			{Name: "Östra grinden", Spans: []evac.Span{
				{From: began, To: began.Add(4 * time.Minute), News: evac.Fresh, LastHeard: began},
				{From: began.Add(4 * time.Minute), To: at, News: evac.Silent, LastHeard: began.Add(3 * time.Minute)},
			}},
		},
		Lost:  []evac.Lost{{Name: "Östra grinden", LastHeard: began.Add(3 * time.Minute)}, {Name: "Handenhet 9", LastHeard: began.Add(5 * time.Minute), Back: at}},
		Feeds: []evac.Feed{{Name: "Passersystemet"}},
	}
	for i := range n {
		x := float64(i) / float64(max(n-1, 1))
		r.Found = append(r.Found, began.Add(time.Duration((40+700*x*x)*float64(time.Second))))
	}
	for _, percent := range []int{50, 90, 100} {
		s := evac.Share{Percent: percent}
		if n > 0 {
			s.At = r.Found[(n*percent+99)/100-1]
			s.After = s.At.Sub(began)
		}
		r.Accounted = append(r.Accounted, s)
	}
	r.Within = []evac.Within{{Minutes: 5, People: n / 2}, {Minutes: 15, People: n}}
	return r
}

func TestReport(t *testing.T) {
	p := printer(t)
	for _, n := range []int{0, 1, 180, 10_000} {
		for _, locale := range lang.Locales() {
			var b bytes.Buffer
			if err := p.Report(&b, reportOf(n), headOf(locale)); err != nil {
				t.Fatal(err)
			}
			kept(t, fmt.Sprintf("report-%s-%d", locale, n), b.Bytes())
			holds(t, b.Bytes(), map[lang.Locale]string{lang.Swedish: "3 personer är här. (Receptionen)", lang.English: "Norra, place not said: Everybody here has been fetched. (Handenhet 2)"}[locale])
			if pages := pagesOf(b.Bytes()); pages > 2 {
				t.Errorf("%d pages", pages)
			}
			holds(t, b.Bytes(), p.words.Text(locale, "paper.drill", nil), p.words.Text(locale, "paper.gone_errors", map[string]any{"Count": 2}), visit(7).Badge().String())
			holds(t, b.Bytes(), p.words.Text(locale, "paper.lost_line", map[string]any{"Node": "Östra grinden", "Time": "2026-11-22 09:35:14"}), p.words.Text(locale, "news.silent", nil)+" · "+p.words.Text(locale, "warden.last_heard", map[string]any{"Time": "09:35:14"}), "Passersystemet")
			if n > 1 {
				holds(t, b.Bytes(), "12 min 20 s", "5 min", "15 min")
			}
		}
	}
}
