package api

import (
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/statistics"
)

// Arrivals is how many came. Few is how many times fewer than five came, who
// are not counted in Arrivals.
type Arrivals struct {
	Arrivals int `json:"arrivals"`
	Few      int `json:"few"`
}

// StatisticsDay is one date at one site.
type StatisticsDay struct {
	Date string        `json:"date"`
	Site record.SiteID `json:"site"`
	Arrivals
}

// StatisticsHour is an hour of the day, 0 to 23, on all days together.
type StatisticsHour struct {
	Hour int `json:"hour"`
	Arrivals
}

// StatisticsType is one type of visitor.
type StatisticsType struct {
	Type string `json:"type"`
	Arrivals
}

// Statistics are arrivals as this desk has counted them, of nobody.
type Statistics struct {
	Arrivals
	Days  []StatisticsDay  `json:"days"`
	Hours []StatisticsHour `json:"hours"`
	Types []StatisticsType `json:"types"`
}

func (a *API) statistics(r *http.Request) (any, error) {
	q := r.URL.Query()
	for _, name := range []string{"from", "to"} {
		if v := q.Get(name); v != "" {
			if _, err := time.Parse(time.DateOnly, v); err != nil {
				return nil, malformed(name+" is not a date", "write it like 2026-11-27, or leave it out")
			}
		}
	}
	rep := a.cfg.Node.Statistics().Report(q.Get("from"), q.Get("to"), record.SiteID(q.Get("site")))
	sum := func(s statistics.Sum) Arrivals { return Arrivals(s) }
	out := Statistics{sum(rep.All), []StatisticsDay{}, []StatisticsHour{}, []StatisticsType{}}
	for _, d := range rep.Days {
		out.Days = append(out.Days, StatisticsDay{d.Date, d.Site, sum(d.Sum)})
	}
	for _, h := range rep.Hours {
		out.Hours = append(out.Hours, StatisticsHour{h.Hour, sum(h.Sum)})
	}
	for _, k := range rep.Kinds {
		out.Types = append(out.Types, StatisticsType{k.Type, sum(k.Sum)})
	}
	return out, nil
}
