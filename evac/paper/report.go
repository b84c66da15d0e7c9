package paper

import (
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

func (s *sheet) report(r evac.Report) {
	e := r.Evacuation
	s.head = func() {
		s.banner(e.Kind())
		s.place()
		s.y++
	}
	s.page()
	s.size(body, false)
	where := strings.Join(sites(e.Sites), ", ")
	if where == "" {
		where = s.word("alarm.campus")
	}
	args := map[string]any{"Where": where, "Time": s.full(e.At.Time())}
	if r.Ended.IsZero() {
		s.para(s.say.Text("paper.runs", args), 5.5, 3)
	} else {
		args["End"], args["Reason"] = s.full(r.Ended), r.Reason
		s.para(s.say.Text("paper.ran", args), 5.5, 4)
	}
	who := s.say.ReportScope(r)
	s.para(s.say.Text("paper.counted", map[string]any{"Who": who})+" "+s.say.Text("paper.at_start", map[string]any{"Count": r.AtStart}), 5.5, 2)
	s.heading(s.word("paper.found"))
	s.chart(r)
	s.shares(r)
	s.heading(s.word("paper.ends"))
	s.counts(r.Counts)
	s.points(r)
	s.errors(r)
	s.quiet(r)
	s.courses(r)
	s.searched(r)
	s.refuges(r)
	if s.odd {
		s.room(8)
		s.size(small, false)
		s.line(s.word("paper.no_letter"), 6)
	}
}

func sites(all []record.SiteID) (names []string) {
	for _, site := range all {
		names = append(names, string(site))
	}
	return names
}

// pair writes what and how much, on one line.
func (s *sheet) pair(what, much string) {
	s.room(6)
	s.size(body, false)
	s.put(left, s.y+4.2, 118, s.clean(what))
	s.size(body, true)
	s.put(left+120, s.y+4.2, wide-120, s.clean(much))
	s.y += 5.8
}

func (s *sheet) shares(r evac.Report) {
	for _, x := range r.Accounted {
		after := s.word("paper.never")
		if !x.At.IsZero() {
			after = s.say.Text("paper.after", map[string]any{"Time": lasted(x.After)})
		}
		s.pair(s.say.Text("paper.percent", map[string]any{"Percent": x.Percent}), after)
	}
	for _, x := range r.Within {
		s.pair(s.say.Text("paper.within", map[string]any{"Minutes": x.Minutes}), s.say.Text("paper.of", map[string]any{"Count": x.People, "All": r.AtStart}))
	}
}

// lasted is a duration in words that both languages share.
func lasted(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, of := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / of.unit; n > 0 || of.unit == time.Second && len(parts) == 0 {
			parts = append(parts, itoa(int(n))+" "+of.name)
		}
		d %= of.unit
	}
	return strings.Join(parts, " ")
}

func (s *sheet) points(r evac.Report) {
	if len(r.Points) == 0 {
		return
	}
	s.room(16)
	s.heading(s.word("paper.points"))
	for _, p := range r.Points {
		name := string(p.Point)
		switch {
		case name == "":
			name = s.word("paper.no_point")
		case !p.Known:
			name = s.say.Text("paper.strange", map[string]any{"Point": name})
		}
		s.pair(name, itoa(p.Safe))
	}
}

func (s *sheet) errors(r evac.Report) {
	s.room(22)
	s.heading(s.word("paper.errors"))
	s.size(body, false)
	if len(r.Missed)+len(r.Gone) == 0 {
		s.line(s.word("paper.no_errors"), 5.5)
	}
	var added, gone []string
	for _, m := range r.Missed {
		added = append(added, m.Visit.Badge().String())
	}
	for _, g := range r.Gone {
		gone = append(gone, g.Visit.Badge().String())
	}
	s.wrong("paper.added_errors", added)
	s.wrong("paper.gone_errors", gone)
}

// wrong says how many there were of an error, and whose badges they bore.
func (s *sheet) wrong(key string, badges []string) {
	if len(badges) == 0 {
		return
	}
	s.room(18)
	s.size(body, true)
	s.para(s.say.Text(key, map[string]any{"Count": len(badges)}), 5.5, 2)
	s.size(body, false)
	s.para(s.say.Text("paper.ids", map[string]any{"Badges": strings.Join(badges, ", ")}), 5.5, 2)
}

func (s *sheet) quiet(r evac.Report) {
	s.room(16)
	s.heading(s.word("paper.quiet"))
	s.size(body, false)
	if len(r.Silent) == 0 {
		s.line(s.word("paper.all_heard"), 5.5)
	}
	for _, d := range r.Silent {
		s.room(6)
		s.size(body, false)
		args := map[string]any{"Node": d.Name, "Time": ""}
		key := "paper.quiet_never"
		if !d.CompleteAsOf.IsZero() {
			key, args["Time"] = "paper.quiet_line", s.full(d.CompleteAsOf)
		}
		s.line(s.say.Text(key, args), 5.5)
	}
}

func newsKey(n evac.News) string {
	switch n {
	case evac.Here:
		return "news.here"
	case evac.Fresh:
		return "news.fresh"
	case evac.Stale:
		return "news.stale"
	case evac.Silent:
		return "news.silent"
	}
	return "news.never"
}

// courses say how the news of entrances went, and which nodes were lost.
func (s *sheet) courses(r evac.Report) {
	s.room(16)
	s.heading(s.word("paper.lost"))
	s.size(body, false)
	switch {
	case len(r.Courses) == 0:
		s.para(s.word("paper.not_watched"), 5.5, 2)
		return
	case len(r.Lost) == 0:
		s.line(s.word("paper.none_lost"), 5.5)
	}
	for _, l := range r.Lost {
		s.room(6)
		args := map[string]any{"Node": l.Name, "Time": s.full(l.LastHeard)}
		key := "paper.lost_line"
		if !l.Back.IsZero() {
			key, args["Back"] = "paper.lost_back", s.full(l.Back)
		}
		s.line(s.say.Text(key, args), 5.5)
	}
	s.room(16)
	s.heading(s.word("paper.courses"))
	for _, c := range r.Courses {
		s.room(12)
		s.size(body, true)
		s.line(c.Name, 5.5)
		for _, x := range c.Spans {
			s.room(6)
			s.size(body, false)
			s.put(left+6, s.y+4.2, 80, s.clean(s.say.Text("paper.span", map[string]any{"From": s.say.Moment(x.From, r.Evacuation.At.Time()), "To": s.say.Moment(x.To, r.Evacuation.At.Time())})))
			news := s.word(newsKey(x.News))
			if !x.LastHeard.IsZero() && !x.News.UpToDate() {
				news += " · " + s.say.Text("warden.last_heard", map[string]any{"Time": s.say.Moment(x.LastHeard, r.Evacuation.At.Time())})
			}
			s.put(left+92, s.y+4.2, wide-92, s.clean(news))
			s.y += 5.5
		}
	}
}

// refuges are all that was said to those who waited, and by them.
func (s *sheet) refuges(r evac.Report) {
	if len(r.Refuges) == 0 {
		return
	}
	s.room(16)
	s.heading(s.word("paper.refuges"))
	for _, c := range r.Refuges {
		place := string(c.Point)
		if c.Point == "" {
			place = s.say.Nowhere(c.RefugeAt)
		}
		s.room(6)
		s.size(body, false)
		s.line(s.clean(s.say.Text("paper.refuge_said", map[string]any{
			"Time": s.say.Moment(c.At, r.Evacuation.At.Time()), "Place": place, "Says": s.say.Said(c.Told),
		})), 5.5)
	}
}

func (s *sheet) searched(r evac.Report) {
	s.room(16)
	s.heading(s.word("paper.swept"))
	s.size(body, false)
	if len(r.Sweeps) == 0 {
		s.line(s.word("paper.none"), 5.5)
	}
	for _, z := range r.Sweeps {
		s.room(6)
		s.size(body, false)
		s.line(s.sweptLine(z), 5.5)
	}
}
