package api

import (
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/alarm"
)

// Marking is the request to say something of a person: a badge code, a visit
// id or the payload of a badge's QR, and what is said.
type Marking struct {
	Code  string           `json:"code"`
	Mark  record.Mark      `json:"mark"`
	Point record.PointName `json:"point,omitempty"`
	// Once is the id of the act, 32 hexadecimal digits: an act that is sent
	// again with the same one, to this node or another, counts once.
	Once record.OnceID `json:"once,omitzero"`
	// Starts are the starts that the sender knew to run when the act was done;
	// with them it is taken also when nothing runs any more.
	Starts []record.EvacID `json:"starts,omitempty"`
	// Blind: the sender had not seen this node's list, so the mark stands
	// instead of nothing.
	Blind bool `json:"blind,omitempty"`
}

// Marked answers a Marking. Visit is null where only a badge code was given
// that nobody has told of.
type Marked struct {
	Visit *record.VisitID   `json:"visit"`
	Badge record.BadgeCode  `json:"badge"`
	Mark  record.Mark       `json:"mark"`
	Point *record.PointName `json:"point"`
	// PointKnown is null where there is no point.
	PointKnown *bool `json:"point_known"`
	At         Stamp `json:"at"`
	Known      bool  `json:"known"`
	Already    bool  `json:"already"`
}

func (a *API) mark(r *http.Request) (any, error) {
	var in Marking
	if err := read(r, &in); err != nil {
		return nil, err
	}
	code, err := alarm.ParseCode(in.Code)
	if err != nil {
		return nil, err
	}
	got, err := a.cfg.Node.Alarm().Mark(r.Context(), alarm.MarkRequest{
		Code: code, Mark: in.Mark, Point: in.Point, How: "command", Once: in.Once, Starts: in.Starts, Blind: in.Blind,
	})
	if err != nil {
		return nil, err
	}
	out := Marked{Visit: visitOrNone(got.Visit), Badge: got.Badge, Mark: got.Mark, At: Stamp{got.At.Time()}, Known: got.Known, Already: got.Already}
	if got.Point != "" {
		out.Point, out.PointKnown = &got.Point, &got.PointKnown
	}
	return out, nil
}

// visitOrNone is null for no visit.
func visitOrNone(v record.VisitID) *record.VisitID {
	if v.IsZero() {
		return nil
	}
	return &v
}

// Undoing is the request to take back the mark that stands on a person.
type Undoing struct {
	Code string        `json:"code"`
	Once record.OnceID `json:"once,omitzero"`
}

// Undone answers an Undoing: what was taken back, null where that had been
// done already, and what stands now, null for nothing.
type Undone struct {
	Visit   *record.VisitID  `json:"visit"`
	Badge   record.BadgeCode `json:"badge"`
	Undone  *record.Mark     `json:"undone"`
	Mark    *record.Mark     `json:"mark"`
	Already bool             `json:"already"`
}

func (a *API) undo(r *http.Request) (any, error) {
	var in Undoing
	if err := read(r, &in); err != nil {
		return nil, err
	}
	code, err := alarm.ParseCode(in.Code)
	if err != nil {
		return nil, err
	}
	got, err := a.cfg.Node.Alarm().Undo(r.Context(), code, in.Once)
	if err != nil {
		return nil, err
	}
	return Undone{Visit: visitOrNone(got.Visit), Badge: got.Badge, Undone: markOrNone(got.Mark), Mark: markOrNone(got.Now), Already: got.Already}, nil
}

func markOrNone(m record.Mark) *record.Mark {
	if m == "" {
		return nil
	}
	return &m
}

// Adding is the request to put somebody on the list who is on none.
type Adding struct {
	Text  Text             `json:"text"`
	Point record.PointName `json:"point,omitempty"`
	// Mark is "safe" where a point is given and no mark.
	Mark   record.Mark     `json:"mark,omitempty"`
	Once   record.OnceID   `json:"once,omitzero"`
	Starts []record.EvacID `json:"starts,omitempty"`
}

// Added answers an Adding.
type Added struct {
	Visit record.VisitID   `json:"visit"`
	Badge record.BadgeCode `json:"badge"`
	// PointKnown is null where there is no point.
	PointKnown *bool `json:"point_known"`
	Already    bool  `json:"already"`
}

func (a *API) addPerson(r *http.Request) (any, error) {
	var in Adding
	if err := read(r, &in); err != nil {
		return nil, err
	}
	got, err := a.cfg.Node.Alarm().Add(r.Context(), alarm.AddRequest{
		Text: in.Text.Private, Point: in.Point, Mark: in.Mark, How: "command", Once: in.Once, Starts: in.Starts,
	})
	if err != nil {
		return nil, err
	}
	out := Added{Visit: got.Visit, Badge: got.Badge, Already: got.Already}
	if in.Point != "" {
		out.PointKnown = &got.PointKnown
	}
	return out, nil
}

// Joining is the request to say that who was added is the bearer of a visit,
// or, with apart and no visit, that they are not.
type Joining struct {
	Added string `json:"added"`
	Visit string `json:"visit,omitempty"`
	Apart bool   `json:"apart,omitempty"`
}

// Joined answers a Joining; Visit is null after apart.
type Joined struct {
	Added record.VisitID  `json:"added"`
	Visit *record.VisitID `json:"visit"`
}

func (a *API) joinPerson(r *http.Request) (any, error) {
	var in Joining
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Apart == (in.Visit != "") {
		return nil, malformed("neither a visit nor apart is given, or both", "say which visit it is, or apart alone")
	}
	added, err := alarm.ParseCode(in.Added)
	if err != nil {
		return nil, err
	}
	if in.Apart {
		from, err := a.cfg.Node.Alarm().Part(r.Context(), added)
		if err != nil {
			return nil, err
		}
		return Joined{Added: from}, nil
	}
	visit, err := alarm.ParseCode(in.Visit)
	if err != nil {
		return nil, err
	}
	from, to, err := a.cfg.Node.Alarm().Join(r.Context(), added, visit)
	if err != nil {
		return nil, err
	}
	return Joined{Added: from, Visit: &to}, nil
}

// Sweeping is the request to say that a zone was searched. Site is this node's
// where it is left out.
type Sweeping struct {
	Zone  record.ZoneID `json:"zone"`
	Site  record.SiteID `json:"site,omitempty"`
	Clear *bool         `json:"clear"`
}

// Swept answers a Sweeping.
type Swept struct {
	Zone  record.ZoneID `json:"zone"`
	Site  record.SiteID `json:"site"`
	Clear bool          `json:"clear"`
}

func (a *API) sweep(r *http.Request) (any, error) {
	var in Sweeping
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Clear == nil {
		return nil, malformed("it is not said whether the zone is clear", "send clear as true or false")
	}
	if in.Site == "" {
		in.Site = record.SiteID(a.cfg.Node.Self().Site)
	}
	if err := a.cfg.Node.Alarm().Sweep(r.Context(), in.Site, in.Zone, *in.Clear); err != nil {
		return nil, err
	}
	return Swept{Zone: in.Zone, Site: in.Site, Clear: *in.Clear}, nil
}

// Telling is the request to answer those who wait at a refuge; with no point, those
// at a site, this node's where it is left out, of whom nobody has said where.
type Telling struct {
	Point record.PointName `json:"point,omitempty"`
	Site  record.SiteID    `json:"site,omitempty"`
	Help  record.Help      `json:"help"`
}

// Hearing is the request to take down what was heard from those who wait: how
// many they are, or, with 0, that they have read what they were told.
type Hearing struct {
	Point record.PointName `json:"point,omitempty"`
	Site  record.SiteID    `json:"site,omitempty"`
	Count *int             `json:"count"`
}

// Called answers both: what those who wait are told now. Help is null where they
// are told nothing, and Heard where nothing was heard from them.
type Called struct {
	Point *record.PointName `json:"point"`
	Site  *record.SiteID    `json:"site"`
	Help  *record.Help      `json:"help"`
	Heard *int              `json:"heard"`
	// Doubt: somebody who had not heard of Help says another. Still: they are told
	// that all are fetched, and somebody may be there.
	Doubt bool `json:"doubt"`
	Still bool `json:"still"`
}

func calledOf(t record.Talk) Called {
	c := Called{Doubt: len(t.Beside) > 0, Still: t.Still}
	if t.Point != "" {
		c.Point = &t.Point
	}
	if t.Site != "" {
		c.Site = &t.Site
	}
	if t.Stands.Help != "" {
		c.Help = &t.Stands.Help
	}
	if !t.Heard.IsZero() {
		c.Heard = &t.Heard.Count
	}
	return c
}

func (a *API) tellRefuge(r *http.Request) (any, error) {
	var in Telling
	if err := read(r, &in); err != nil {
		return nil, err
	}
	got, err := a.cfg.Node.Alarm().Tell(r.Context(), alarm.TellRequest{Point: in.Point, Site: in.Site, Help: in.Help, How: "command"})
	if err != nil {
		return nil, err
	}
	return calledOf(got), nil
}

func (a *API) hearRefuge(r *http.Request) (any, error) {
	var in Hearing
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Count == nil {
		return nil, malformed("it is not said how many wait", "send count as a number; 0: they have read what they were told")
	}
	got, err := a.cfg.Node.Alarm().Hear(r.Context(), alarm.HearRequest{Point: in.Point, Site: in.Site, Count: *in.Count, How: "command"})
	if err != nil {
		return nil, err
	}
	return calledOf(got), nil
}
