package record

// settleMarks gives each mark known only by a badge code to the only visit of
// that code or to all that are open, but "safe" to none where it may mean
// another's bearer. Marks of a code that nobody carries give a presence of their
// own.
func settleMarks(visits map[VisitID]*Presence, marked []Stated) (stray *Presence) {
	for _, s := range marked {
		var to []*Presence
		for _, p := range visits {
			if len(visits) == 1 || p.Left.IsZero() {
				to = append(to, p)
			}
		}
		if len(to) == 0 {
			if stray == nil {
				stray = &Presence{Code: s.Event.Badge, State: Unknown}
			}
			to = append(to, stray)
		}
		for _, p := range to {
			p.Doubtful = p.Doubtful || len(to) > 1
			if len(to) == 1 || s.Event.Mark != Safe {
				p.mark(s)
			}
		}
	}
	return stray
}

func (p *Presence) mark(s Stated) {
	e := s.Event
	p.Marks = append(p.Marks, MarkFact{Fact: factOf(s), Mark: e.Mark, Point: e.Point, Starts: e.Starts, Over: e.Over, Once: e.Once})
}

// copiesOf are the events that tell of one act, by its id. An act that is void
// in one of them is so in all, which void then says. One that a revoked node wrote
// late tells of nothing; but whoever stood against it, or took it back, while it
// said the same as the others, meant the act.
func copiesOf(events []Stated, void map[EventID]bool) map[OnceID][]EventID {
	copies, gone, says := map[OnceID][]EventID{}, map[OnceID]bool{}, map[OnceID]Mark{}
	var late []Stated
	for _, s := range events {
		once := s.Event.Once
		switch {
		case once.IsZero() || s.Event.Kind != Marked:
		case s.Standing != Counted:
			late = append(late, s)
		default:
			if len(copies[once]) == 0 {
				says[once] = s.Event.Mark
			}
			copies[once] = append(copies[once], s.ID)
			gone[once] = gone[once] || void[s.ID]
		}
	}
	for _, s := range late {
		if once := s.Event.Once; says[once] == s.Event.Mark && len(copies[once]) > 0 {
			copies[once] = append(copies[once], s.ID)
			gone[once] = gone[once] || void[s.ID]
		}
	}
	for once := range gone {
		for i, id := range copies[once] {
			// The earliest tells of it for all.
			void[id] = void[id] || gone[once] || i > 0
		}
	}
	return copies
}

// copied gives the marks their copies.
func (p *Presence) copied(copies map[OnceID][]EventID) {
	for i, m := range p.Marks {
		if ids := copies[m.Once]; len(ids) > 1 {
			p.Marks[i].Copies = ids[1:]
		}
	}
}

// leaveBy gives departures by code to the only one who can have gone out with
// it.
func (p *Presence) leaveBy(byCode []Stated) {
	for _, s := range byCode {
		p.leave(factOf(s), s.Event.Over)
	}
}
