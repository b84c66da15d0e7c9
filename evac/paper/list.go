package paper

import (
	"github.com/upprop/upprop/evac"
)

// heads sets what stands on every page of a list.
func (s *sheet) heads(l evac.List) {
	var kind string
	runs := s.word("paper.rest_note")
	if e := l.Evacuation; e != nil {
		kind, runs = e.Kind(), s.say.Alarm(*e, l.AsOf)
	}
	truth, counted := s.say.Truth(l), s.say.Text("paper.counted", map[string]any{"Who": s.say.Scope(l)})
	s.head = func() {
		s.banner(kind)
		s.place()
		s.line(runs, 5.5)
		s.size(body, true)
		s.para(truth, 5.5, 3)
		s.size(body, false)
		s.para(counted, 5.5, 3)
		s.y++
	}
}

// The columns of a list.
const (
	boxAt, badgeAt, nameAt, stateAt = left, left + 9, left + 37, left + 108
	box                             = 6.0
	row                             = 5.0
)

func (s *sheet) list(l evac.List) {
	s.page()
	s.size(body, false)
	for _, why := range s.say.NoNames(l) {
		s.para(why, 5.5, 2)
	}
	if !l.Unknown.IsZero() {
		s.para(s.say.Text("warden.erasures_unknown", map[string]any{"Time": s.say.Moment(l.Unknown, l.AsOf)}), 5.5, 2)
	}
	s.entrances(l)
	if len(l.People) == 0 {
		s.heading(s.word("paper.empty"))
	}
	for _, part := range l.Sections() {
		title := s.say.Text("paper.zone", map[string]any{"Zone": s.section(part), "Count": len(part.People)})
		s.room(26)
		s.heading(title)
		s.columns()
		s.again = func() {
			s.heading(s.say.Text("paper.again", map[string]any{"What": title}))
			s.columns()
		}
		for _, p := range part.People {
			s.person(p, l)
		}
		s.again = nil
	}
	s.unknowns()
	if s.odd {
		s.room(8)
		s.size(small, false)
		s.line(s.word("paper.no_letter"), 6)
	}
}

// section is the heading of a part of the list.
func (s *sheet) section(part evac.Section) string {
	switch {
	case part.Kind == evac.KindZone && part.Zone == "":
		return s.word("warden.no_zone")
	case part.Kind == evac.KindZone:
		return part.Zone
	}
	return s.word("warden.group_" + part.Kind)
}

// entrances says of each how much the list holds of it, the late ones first.
func (s *sheet) entrances(l evac.List) {
	if len(l.Entrances) == 0 {
		return
	}
	s.heading(s.word("paper.doors"))
	for _, late := range []bool{true, false} {
		for _, d := range l.Entrances {
			if d.News.UpToDate() == late {
				continue
			}
			s.room(6)
			s.size(body, late)
			s.put(left, s.y+4, 62, s.clean(d.Name))
			s.size(body, false)
			s.put(left+65, s.y+4, wide-65, s.clean(s.say.Door(d, l.AsOf)))
			s.y += 5.5
		}
	}
}

// columns writes the heads of the columns.
func (s *sheet) columns() {
	s.size(small, false)
	s.put(badgeAt, s.y+3.6, nameAt-badgeAt-1, s.word("paper.badge"))
	s.put(nameAt, s.y+3.6, stateAt-nameAt-2, s.word("paper.name"))
	s.put(stateAt, s.y+3.6, right-stateAt, s.word("paper.where"))
	s.y += 5
}

// said is a line of a cell.
type said struct {
	text   string
	points float64
	bold   bool
}

// person writes one line of the list, never over two pages.
func (s *sheet) person(p evac.Person, l evac.List) {
	who := s.who(p)
	where := s.where(p, l)
	high := float64(max(len(who), len(where)))*row + 2
	s.room(high)
	y := s.y + 1
	s.f.SetLineWidth(0.5)
	s.f.Rect(boxAt, y, box, box, "D")
	s.size(body, true)
	s.put(badgeAt, y+4, nameAt-badgeAt-1, p.Badge.String())
	s.cell(nameAt, y, who)
	s.cell(stateAt, y, where)
	s.y += high
	s.f.SetLineWidth(0.1)
	s.f.Line(left, s.y, right, s.y)
}

func (s *sheet) cell(x, y float64, lines []said) {
	for i, line := range lines {
		s.size(line.points, line.bold)
		s.text(x, y+4+float64(i)*row, line.text)
	}
}

// cellOf breaks a text over lines of a cell.
func (s *sheet) cellOf(to []said, text string, width, points float64, bold bool, most int) []said {
	if text == "" {
		return to
	}
	s.size(points, bold)
	for _, line := range s.wrap(text, width, most) {
		to = append(to, said{line, points, bold})
	}
	return to
}

func (s *sheet) nameOf(p evac.Person) string {
	switch {
	case p.Name != "":
		return p.Name.Reveal()
	case p.Opened:
		return s.word("paper.nameless")
	}
	return s.word("paper.withheld")
}

func (s *sheet) who(p evac.Person) (lines []said) {
	const width = stateAt - nameAt - 2
	lines = s.cellOf(lines, s.nameOf(p), width, 12, p.Name != "", 2)
	lines = s.cellOf(lines, p.Company.Reveal(), width, body, false, 2)
	if p.Host != "" {
		lines = s.cellOf(lines, s.say.Text("paper.host", map[string]any{"Host": p.Host.Reveal()}), width, body, false, 2)
	}
	if p.Assist != "" {
		lines = s.cellOf(lines, s.say.Text("paper.assist", map[string]any{"What": p.Assist.Reveal()}), width, body, true, 3)
	}
	return lines
}

func (s *sheet) where(p evac.Person, l evac.List) (lines []said) {
	const width = right - stateAt
	lines = s.cellOf(lines, s.state(p), width, body, true, 2)
	lines = s.cellOf(lines, s.last(p, l), width, body, false, 2)
	lines = s.cellOf(lines, s.say.Marked(p, l.AsOf), width, small, false, 3)
	return s.cellOf(lines, s.say.Why(p), width, small, false, 3)
}

// state is where somebody stands, and whether that is sure.
func (s *sheet) state(p evac.Person) string {
	state := s.say.State(p)
	if p.NotSure && p.State != evac.Inside && p.State != evac.Unconfirmed {
		state += s.word("paper.doubt")
	}
	return state
}

// last is where and when the doors last saw somebody.
func (s *sheet) last(p evac.Person, l evac.List) string {
	args := map[string]any{"Place": p.Zone}
	if p.Zone == "" {
		args["Place"] = s.word("warden.no_zone")
	}
	switch {
	case p.State == evac.Left && !p.LeftAt.IsZero():
		args["Time"] = s.say.Hour(p.LeftAt, l.AsOf)
		return s.say.Text("paper.left_at", args)
	case p.Added:
		return s.say.Text("paper.added", args)
	case p.Since.Unix() <= 0:
		return s.say.Text("paper.seen", args)
	}
	args["Time"] = s.say.Hour(p.Since, l.AsOf)
	return s.say.Text("paper.came", args)
}

// unknowns leaves room for people of whom nobody knows who they are.
func (s *sheet) unknowns() {
	const lines, high = 6, 11.0
	s.room(22 + lines*high)
	s.heading(s.word("paper.unknown"))
	s.size(body, false)
	s.para(s.word("paper.unknown_note"), 5.5, 2)
	for range lines {
		s.f.SetLineWidth(0.5)
		s.f.Rect(boxAt, s.y+3, box, box, "D")
		s.f.SetLineWidth(0.2)
		s.f.Line(badgeAt, s.y+9, right, s.y+9)
		s.y += high
	}
}
