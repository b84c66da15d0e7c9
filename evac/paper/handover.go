package paper

import (
	"strconv"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

// The foot of the page for the fire service is two columns of lines.
const (
	footHigh = 62.0
	footLine = 5.0
	footWide = wide/2 - 3
)

func (s *sheet) handOver(l evac.List) {
	s.page()
	s.counts(l.Counts)
	s.notFound(l)
	y := max(s.y+2, bottom-footHigh)
	s.foot(left, y, s.helpLines(l), s.refugeLines(l))
	s.foot(left+wide/2+3, y, s.sweptLines(), s.silentLines(l))
	if s.odd {
		s.size(small, false)
		s.put(left, bottom+4, wide, s.word("paper.no_letter"))
	}
}

// counts are the numbers in a row of boxes.
func (s *sheet) counts(c evac.Counts) {
	all := []struct {
		key string
		n   int
	}{
		{"paper.total", c.Total},
		{"paper.inside", c.Inside},
		{"paper.missing", c.Missing},
		{"paper.refuge", c.Refuge},
		{"paper.unconfirmed", c.Unconfirmed},
		{"paper.probably", c.ProbablyLeft},
		{"paper.safe", c.Safe},
		{"paper.left", c.Left},
		{"paper.not_sure", c.NotSure},
	}
	each := wide / float64(len(all))
	s.f.SetLineWidth(0.3)
	for i, x := range all {
		at := left + float64(i)*each
		s.f.Rect(at, s.y, each, 18, "D")
		s.size(15, true)
		s.put(at+1.5, s.y+6.5, each-2, strconv.Itoa(x.n))
		s.size(small, false)
		for j, line := range s.wrap(s.word(x.key), each-2, 2) {
			s.put(at+1.5, s.y+11.5+float64(j)*4.2, each-2, line)
		}
	}
	s.y += 18
}

// notFound names those of whom it is not known that they are out of danger.
func (s *sheet) notFound(l evac.List) {
	all := l.Counts.Total - l.Counts.Accounted()
	s.heading(s.say.Text("paper.not_found", map[string]any{"Count": all}))
	const high, badgeWide, nameWide, stateWide = 4.9, 27.0, 58.0, 38.0
	named := l.HandedOver()
	for _, p := range named {
		y := s.y + high - 1.2
		s.size(small, true)
		s.put(left, y, badgeWide-1, p.Badge.String())
		name := s.nameOf(p)
		if p.Name != "" && p.Company != "" {
			name = s.letters.Isolate(name) + ", " + s.letters.Isolate(p.Company.Reveal())
		}
		s.put(left+badgeWide, y, nameWide-2, s.clean(name))
		s.put(left+badgeWide+nameWide, y, stateWide-2, s.clean(s.state(p)))
		s.size(small, false)
		where := s.last(p, l)
		if p.Point != "" {
			where = string(p.Point) + ", " + s.say.Hour(p.MarkedAt, l.AsOf)
		}
		at := left + badgeWide + nameWide + stateWide
		s.put(at, y, right-at, s.clean(where))
		s.y += high
	}
	s.size(small, true)
	switch more := all - len(named); {
	case more > 0:
		s.line(s.say.Text("paper.more", map[string]any{"Count": more}), high)
	case all == 0:
		s.line(s.word("paper.none"), high)
	}
}

// lines are a part of the foot: a heading, and at most most lines under it.
type lines struct {
	head string
	all  []string
	most int
}

func (s *sheet) foot(x, y float64, parts ...lines) {
	for _, p := range parts {
		s.size(body, true)
		s.put(x, y+4, footWide, s.clean(p.head))
		s.f.SetLineWidth(0.3)
		s.f.Line(x, y+5.2, x+footWide, y+5.2)
		y += 6
		if len(p.all) == 0 {
			p.all = []string{s.word("paper.none")}
		}
		s.size(small, false)
		for i, line := range p.all {
			if i == p.most-1 && (len(p.all) > p.most || line == "") {
				line = s.say.Text("paper.and_more", map[string]any{"Count": len(p.all) - i})
			} else if i == p.most {
				break
			}
			s.put(x, y+3.6, footWide, s.clean(line))
			y += footLine
		}
		y += 2
	}
}

// helpLines are those who need help to get out, in so far as cards say so.
func (s *sheet) helpLines(l evac.List) lines {
	out := lines{most: 6}
	unread, needs := 0, 0
	for _, p := range l.People {
		switch {
		case p.State == evac.Safe || p.State == evac.Left:
		case p.Assist != "":
			needs++
		case !p.Opened:
			unread++
		}
	}
	out.head = s.say.Text("paper.help", map[string]any{"Count": needs})
	if unread > 0 {
		// First, so that it is never what is cut off.
		out.all = append(out.all, s.say.Text("paper.unread", map[string]any{"Count": unread}))
	}
	for _, p := range l.HandedOver() {
		if p.Assist != "" {
			out.all = append(out.all, p.Badge.String()+": "+s.letters.Isolate(p.Assist.Reveal()))
			needs--
		}
	}
	if needs > 0 {
		// Of those who are not named on this page, the number alone.
		out.most = min(out.most, len(out.all)+1)
		out.all = append(out.all, make([]string, needs)...)
	}
	return out
}

// refugeLines are who waits where.
func (s *sheet) refugeLines(l evac.List) lines {
	waiting := map[record.PointName]int{}
	var places []record.PointName
	for _, p := range s.h.Refuges {
		places = append(places, p.Name)
		waiting[p.Name] = 0
	}
	nowhere := 0
	for _, p := range l.People {
		if p.State != evac.Refuge {
			continue
		}
		if p.Point == "" {
			nowhere++
			continue
		}
		if _, ok := waiting[p.Point]; !ok {
			places = append(places, p.Point)
		}
		waiting[p.Point]++
	}
	out := lines{head: s.word("paper.refuges"), most: 4}
	// Where somebody waits stands first, where nobody does may be left out.
	for _, somebody := range []bool{true, false} {
		if !somebody && nowhere > 0 {
			out.all = append(out.all, s.say.Text("paper.refuge_other", map[string]any{"Count": nowhere}))
		}
		for _, name := range places {
			said, urgent := s.answered(name, l)
			if (waiting[name] > 0 || urgent) == somebody {
				out.all = append(out.all, s.say.Text("paper.refuge_has", map[string]any{"Place": string(name), "Count": waiting[name]})+said)
			}
		}
	}
	return out
}

// answered is what those who wait at a refuge were told last, in short; urgent says
// that somebody may be there of whom the list does not know.
func (s *sheet) answered(name record.PointName, l evac.List) (said string, urgent bool) {
	for _, r := range s.h.Waiting {
		if r.Point != name {
			continue
		}
		if r.Heard != nil && r.Heard.Count > 0 && (r.Told == nil || r.Told.Help != record.HelpFetched || r.Still) {
			urgent = true
			said = ". " + s.say.Text("paper.refuge_heard", map[string]any{"Count": r.Heard.Count, "Time": s.say.Hour(r.Heard.At, l.AsOf)})
		}
		switch {
		case r.Told != nil:
			said += ". " + s.say.Text(shortly(r.Told.Help), map[string]any{"Time": s.say.Hour(r.Told.At, l.AsOf)})
		case r.Waiting > 0 || urgent:
			said += ". " + s.word("paper.refuge_unanswered")
		}
		if len(r.Beside) > 0 {
			said += ", " + s.word("paper.refuge_doubt")
		}
	}
	return said, urgent
}

func shortly(h record.Help) string {
	switch h {
	case record.HelpComing:
		return "paper.refuge_coming"
	case record.HelpStay:
		return "paper.refuge_stay"
	case record.HelpFetched:
		return "paper.refuge_fetched"
	}
	return "paper.refuge_told"
}

// sweptLines are the zones that were searched, those not clear first.
func (s *sheet) sweptLines() lines {
	out := lines{head: s.word("paper.swept"), most: 5}
	for _, clear := range []bool{false, true} {
		for _, z := range s.h.Sweeps {
			if z.Clear == clear {
				out.all = append(out.all, s.sweptLine(z))
			}
		}
	}
	return out
}

func (s *sheet) sweptLine(z evac.Swept) string {
	key := "paper.not_clear"
	if z.Clear {
		key = "paper.clear"
	}
	zone := string(z.Zone)
	if s.h.Site == "" && z.Site != "" {
		zone = string(z.Site) + " · " + zone
	}
	return s.say.Text(key, map[string]any{"Zone": zone, "Time": s.say.Hour(z.At, s.asOf), "Node": z.By})
}

// silentLines are the entrances whose news is not up to date.
func (s *sheet) silentLines(l evac.List) lines {
	out := lines{head: s.word("paper.silent"), most: 4}
	for _, d := range l.Entrances {
		if !d.News.UpToDate() {
			out.all = append(out.all, s.say.Late(d, l.AsOf))
		}
	}
	if len(out.all) == 0 {
		out.all = []string{s.word("paper.all_heard")}
	}
	return out
}
