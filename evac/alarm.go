package evac

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/points"
)

// Alarm is what the buttons press. A lang.Problem among the errors is shown to
// the reader; on success it is durable on this node. code is a badge code, a
// visit or the payload of a QR code.
type Alarm interface {
	Start(ctx context.Context, drill bool, site record.SiteID) error
	// End ends all that runs as far as this node knows.
	End(ctx context.Context, reason string) error
	// Mark says where somebody stands. point may be empty, or one that nobody
	// has set up: it is kept. how says by what: "screen" or "qr". once is drawn by
	// the page, the same when it sends again; zero: it was not. Sent twice it
	// counts once.
	Mark(ctx context.Context, code string, mark record.Mark, point record.PointName, how string, once record.OnceID) error
	// Undo takes back the mark that stands; once is as in Mark.
	Undo(ctx context.Context, code string, once record.OnceID) error
	// Add tells of somebody who is not on the list.
	Add(ctx context.Context, text string, point record.PointName) (badge string, err error)
	// Join says that who was added is the bearer of another visit.
	Join(ctx context.Context, added, visit string) error
	// Sweep says that a zone was searched, and whether it is clear of people.
	Sweep(ctx context.Context, site record.SiteID, zone record.ZoneID, clear bool) error
	// Tell says to those who wait at a refuge, or with no name at a site, what they
	// are to know.
	Tell(ctx context.Context, at record.RefugeAt, h record.Help) error
}

// Cables are the links that a drill can cut.
type Cables interface {
	// Nodes are the names of the nodes that can be cut off.
	Nodes() []string
	// StartCut starts a drill that cuts all links of the named nodes, for so long
	// at most. A lang.Problem among the errors is shown to the reader.
	StartCut(ctx context.Context, site record.SiteID, nodes []string, lasts time.Duration) error
}

// Point is a muster point or a refuge that somebody has set up.
type Point struct {
	Name record.PointName
	// Site is empty for one that serves the whole campus.
	Site record.SiteID
	// Refuge: people who cannot take the stairs wait there for help.
	Refuge bool
	// Position says in words where it is; Capacity is zero when nobody has said.
	Position string
	Capacity int
	// Place is where it is on the plan of its site; nil where it is not on it.
	Place *points.Place
}

// evacLine is what runs, in the reader's language: always in words whether it
// is real or a drill.
type evacLine struct {
	// Kind is "real", "drill" or empty.
	Kind string
	// Says is the whole sentence; Note what else the reader must know.
	Says, Note string
	// Alarm leads to the page with the buttons; empty where this reader may not
	// press them.
	Alarm string
	// Refuges says who waits at refuges, and RefugePath leads to where they are
	// answered; empty where there is nobody to answer or this reader may not. Urgent:
	// somebody there may not know that they are heard of.
	Refuges, RefugePath string
	Urgent              bool
}

func (s *Service) evacLine(r *webkit.Request, l List, hidden bool) evacLine {
	var line evacLine
	if s.cfg.Alarm != nil && !hidden {
		line.Alarm = path("/warden/alarm", l.Site)
	}
	e := l.Evacuation
	if e == nil {
		return line
	}
	line.Kind, line.Says = e.Kind(), s.reader(r).Alarm(*e, l.AsOf)
	if e.Drill {
		line.Note = r.Text("alarm.drill_note", nil)
		if until := cutUntil(*e); until.After(l.AsOf) {
			line.Note += " " + r.Text("alarm.cut_note", map[string]any{"Time": s.reader(r).Moment(until, l.AsOf)})
		}
	}
	if line.Alarm != "" {
		line.Refuges, line.Urgent = s.refugeNote(r, l)
		line.RefugePath = path("/warden/refuge", l.Site)
	}
	if n := len(e.Starts); n > 1 {
		line.Note = strings.TrimSpace(line.Note + " " + r.Text("alarm.starts", map[string]any{"Count": n}))
	}
	return line
}

// cutUntil is when the links that a drill has cut are restored at the latest;
// zero where it cuts none.
func cutUntil(e record.Evacuation) (until time.Time) {
	for _, s := range e.Starts {
		if at := s.At.Time().Add(s.CutFor); len(s.Cuts) > 0 && at.After(until) {
			until = at
		}
	}
	return until
}

// alarmPage is where an evacuation is started or ended: a page of its own, so
// that nobody does it by a slip of the hand.
type alarmPage struct {
	Site  record.SiteID
	Evac  evacLine
	Sites []record.SiteID
	Home  string
	// Cuttable are the nodes that a drill can cut off, and CutFor for how many
	// minutes it may; none where it cannot.
	Cuttable []string
	CutFor   []int
}

// errNoAlarm is told to whom the buttons are not shown.
var errNoAlarm = lang.Problem{Key: "alarm.not_here"}

func (s *Service) mayPress(r *webkit.Request) error {
	if s.cfg.Alarm == nil || s.cfg.Withhold(r.Request) {
		return errNoAlarm
	}
	return nil
}

func (s *Service) alarmPage(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	site := siteOf(r)
	// What the end ends is all that runs, whatever the site.
	l, err := s.fold(Input{}, "")
	if err != nil {
		return nil, problem(err)
	}
	p := alarmPage{Site: site, Evac: s.evacLine(r, l, false), Home: path("/warden", site)}
	for _, link := range s.sites("", "") {
		if link.Site != "" {
			p.Sites = append(p.Sites, link.Site)
		}
	}
	if s.cfg.Cables != nil && p.Evac.Kind == "" {
		if p.Cuttable = s.cfg.Cables.Nodes(); len(p.Cuttable) > 0 {
			p.CutFor = []int{5, 10, 20, 30}
		}
	}
	return webkit.Page{Name: "alarm", Path: path("/warden/alarm", site), Data: p}, nil
}

func (s *Service) start(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	kind := r.Field("kind")
	if kind != "real" && kind != "drill" {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	site := record.SiteID(r.Field("where"))
	// A real alarm cuts nothing, whatever was ticked before.
	if cut := r.Fields("cut"); kind == "drill" && len(cut) > 0 && s.cfg.Cables != nil {
		minutes, err := strconv.Atoi(r.Field("cut_for"))
		if err != nil {
			return nil, lang.Problem{Key: "request.malformed"}
		}
		if err := s.cfg.Cables.StartCut(r.Context(), site, cut, time.Duration(minutes)*time.Minute); err != nil {
			return nil, err
		}
	} else if err := s.cfg.Alarm.Start(r.Context(), kind == "drill", site); err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link(path("/warden", siteOf(r)))}, nil
}

func (s *Service) end(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	if err := s.cfg.Alarm.End(r.Context(), r.Field("reason")); err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link(path("/warden", siteOf(r)))}, nil
}
