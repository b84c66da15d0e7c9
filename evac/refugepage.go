package evac

import (
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// refugePage is where those who wait are answered.
type refugePage struct {
	Site   record.SiteID
	Evac   evacLine
	Places []refugeLine
	Helps  []helpPress
	Home   string
}

// helpPress is a button that says something to those who wait.
type helpPress struct {
	Help record.Help
	Icon string
	Says string
}

// refugeLine is one refuge in the reader's language.
type refugeLine struct {
	ID, Name, Position string
	// Where shows it on its plan; empty where it is on none.
	Where string
	// Point and Site are what its buttons send.
	Point record.PointName
	Site  record.SiteID
	// Waiting says how many wait, and New how many came since they were answered;
	// empty where none do.
	Waiting, New string
	// Told says what they are told, by whom and when; Read that they have answered
	// since, or not.
	Told, Read     string
	Beside, Before []string
	// Heard says what was heard from there last; Unheard that who answered had not
	// heard it.
	Heard, Unheard, Still string
	// Urgent: somebody waits who may not know that they are heard of.
	Urgent bool
	Help   record.Help
}

func (s *Service) refugePage(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	site := siteOf(r)
	l, err := s.fold(s.gather(true), site)
	if err != nil {
		return nil, problem(err)
	}
	if l.Evacuation == nil {
		return nil, errNoEvacuation
	}
	p := refugePage{Site: site, Evac: s.evacLine(r, l, false), Home: path("/warden", site)}
	p.Helps = []helpPress{
		{record.HelpTold, "check", r.Text("refuges.do_told", nil)},
		{record.HelpComing, "arrive", r.Text("refuges.do_coming", nil)},
		{record.HelpStay, "inside", r.Text("refuges.do_stay", nil)},
		{record.HelpFetched, "leave", r.Text("refuges.do_fetched", nil)},
	}
	for _, x := range s.refuged(l) {
		line := s.reader(r).refuge(x, l)
		line.Where = s.whereIs(x.Point, site)
		p.Places = append(p.Places, line)
	}
	return webkit.Page{Name: "refuge", Path: path("/warden/refuge", site), Data: p, Refresh: webkit.Refresh{After: reload}}, nil
}

// Said says what was said to those who wait, or by them, and by which node.
func (r Reader) Said(t Told) string {
	says := r.Text(lang.HelpKey(string(t.Help)), nil)
	switch {
	case t.Help == "" && t.Count == 0:
		says = r.Text("refuges.was_read", nil)
	case t.Help == "":
		says = r.Text("refuges.are", map[string]any{"Count": t.Count})
	}
	return says + " (" + t.By + ")"
}

// Spoken is Said with the time.
func (r Reader) Spoken(t Told, l List) string {
	args := map[string]any{"Node": t.By, "Time": r.Moment(t.At, l.AsOf)}
	switch {
	case t.Help != "":
		args["Says"] = r.Text(lang.HelpKey(string(t.Help)), nil)
		return r.Text("refuges.says", args)
	case t.Count == 0:
		return r.Text("refuges.read", args)
	}
	args["Count"] = t.Count
	return r.Text("refuges.here", args)
}

// Nowhere is what those are called of whom nobody has said where they wait.
func (r Reader) Nowhere(at record.RefugeAt) string {
	if at.Site == "" {
		return r.Text("refuges.nowhere", nil)
	}
	return r.Text("refuges.nowhere_at", map[string]any{"Site": string(at.Site)})
}

func (r Reader) refuge(x Refuged, l List) refugeLine {
	w := refugeLine{
		ID: placeID(x.Site, record.ZoneID(x.Point)), Name: string(x.Point), Position: x.Position, Point: x.Point, Site: x.Site, Urgent: x.unanswered(),
	}
	if x.Point == "" {
		w.Name = r.Nowhere(x.RefugeAt)
	}
	if x.Waiting > 0 {
		w.Waiting = r.Text("refuges.waiting", map[string]any{"Count": x.Waiting})
	}
	if x.Told != nil {
		w.Help, w.Told = x.Told.Help, r.Spoken(*x.Told, l)
		w.Read = r.Text("refuges.not_read", nil)
		if x.Read {
			w.Read = r.Text("refuges.is_read", nil)
		}
		if x.New > 0 {
			w.New = r.Text("refuges.since", map[string]any{"Count": x.New})
		}
	}
	for _, t := range x.Beside {
		w.Beside = append(w.Beside, r.Spoken(t, l))
	}
	for _, t := range x.Before {
		w.Before = append(w.Before, r.Spoken(t, l))
	}
	if x.Heard != nil {
		w.Heard = r.Spoken(*x.Heard, l)
		if x.Told != nil && !x.Answered && x.Heard.Count > 0 {
			w.Unheard = r.Text("refuges.unheard", nil)
		}
	}
	if x.Still {
		w.Still = r.Text("refuges.still", nil)
	}
	return w
}

// tell answers those who wait at a refuge.
func (s *Service) tell(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	at := record.RefugeOf(record.PointName(r.Field("point")), record.SiteID(r.Field("at")))
	if err := s.cfg.Alarm.Tell(r.Context(), at, record.Help(r.Field("says"))); err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link(path("/warden/refuge", siteOf(r))) + "#" + placeID(at.Site, record.ZoneID(at.Point))}, nil
}

// refugeNote says on the list how many wait at refuges; empty where none is set
// up and nobody waits. urgent: somebody may not know that they are heard of.
func (s *Service) refugeNote(r *webkit.Request, l List) (says string, urgent bool) {
	waiting, unanswered := 0, 0
	all := s.refuged(l)
	for _, x := range all {
		waiting += x.Waiting
		if x.unanswered() {
			unanswered++
		}
	}
	switch {
	case len(all) == 0:
		return "", false
	case unanswered > 0:
		return r.Text("refuges.to_unanswered", map[string]any{"Count": unanswered}), true
	}
	return r.Text("refuges.to", map[string]any{"Count": waiting}), false
}
