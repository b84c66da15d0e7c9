package office

import (
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/statistics"
)

// statisticsPage is how many came, of nobody.
type statisticsPage struct {
	Frame              frame
	From, To           string
	Sites              []choice
	Days, Hours, Types []bar
	All                string
}

// bar is a number among others: Part of the largest, in per cent.
type bar struct {
	Word, Number string
	Part         int
}

// barOf is a number as it is told: what few people make up is never exact.
func barOf(word string, s statistics.Sum) bar {
	low, high := s.Arrivals+s.Few, s.Arrivals+(statistics.Least-1)*s.Few
	b := bar{Word: word, Number: fmt.Sprint(low), Part: low}
	if low != high {
		b.Number = fmt.Sprintf("%d–%d", low, high)
	}
	return b
}

func scale(all []bar) []bar {
	most := 1
	for _, b := range all {
		most = max(most, b.Part)
	}
	for i := range all {
		all[i].Part = max(1, 100*all[i].Part/most)
	}
	return all
}

// shownDays is how many days are shown unless others are asked for.
const shownDays = 30

func (o *Office) statistics(r request) (webkit.Response, error) {
	now := o.cfg.Clock().In(o.cfg.Zone)
	date := func(field string, otherwise time.Time) string {
		if _, err := time.Parse(time.DateOnly, r.URL.Query().Get(field)); err == nil {
			return r.URL.Query().Get(field)
		}
		return otherwise.Format(time.DateOnly)
	}
	p := statisticsPage{Frame: o.frame(r, "desk"), From: date("from", now.AddDate(0, 0, -shownDays)), To: date("to", now)}
	site := r.URL.Query().Get("site")
	counts := o.cfg.Node.Statistics()
	p.Sites = []choice{{Word: r.Text("statistics.all_sites", nil), Chosen: site == ""}}
	several := len(counts.Sites()) > 1
	for _, s := range counts.Sites() {
		p.Sites = append(p.Sites, choice{Value: string(s), Word: string(s), Chosen: string(s) == site})
	}
	rep := counts.Report(p.From, p.To, record.SiteID(site))
	for _, d := range rep.Days {
		word := d.Date
		if several && site == "" {
			word += " " + string(d.Site)
		}
		p.Days = append(p.Days, barOf(word, d.Sum))
	}
	for _, h := range rep.Hours {
		p.Hours = append(p.Hours, barOf(fmt.Sprintf("%02d:00", h.Hour), h.Sum))
	}
	for _, k := range rep.Kinds {
		p.Types = append(p.Types, barOf(o.typeWord(r, k.Type), k.Sum))
	}
	scale(p.Days)
	scale(p.Hours)
	scale(p.Types)
	p.All = barOf("", rep.All).Number
	return webkit.Page{Name: "statistics", Path: "/desk/statistics", Data: p}, nil
}
