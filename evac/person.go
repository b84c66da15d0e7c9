package evac

import (
	"errors"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// personPage is all that is known of one person.
type personPage struct {
	Site  record.SiteID
	Row   row
	AsOf  time.Time
	Facts []factLine
	// Dispute says in words why two things are said at once; Out how we know
	// that the person has left; empty where that is not so.
	Dispute, Out string
	Marks        bool
	Point        pointLine
	Refuges      []Point
	// Joinable are those whom an added person may turn out to be.
	Joinable []row
	Path     string
	Home     string
	Names    []string
	Evac     evacLine
}

func personPath(code string, site record.SiteID) string { return path("/warden/person/"+code, site) }

func (s *Service) personPage(r *webkit.Request) (webkit.Response, error) {
	code := r.PathValue("code")
	c, err := record.ParseCode(code)
	if err != nil || c.QR != nil {
		return nil, lang.Problem{Key: lang.BadgeMalformed}
	}
	hidden, site := s.cfg.Withhold(r.Request), siteOf(r)
	in := s.gather(hidden)
	l, err := s.fold(in, site)
	if err != nil {
		return nil, problem(err)
	}
	p, b, err := one(in, l, c)
	if err != nil {
		return nil, err
	}
	in.Entrances, in.Evacuations = s.cfg.House.Entrances(), s.cfg.House.Evacuations()
	rows, _ := s.rows(r, l)
	page := personPage{
		Site: site, AsOf: l.AsOf, Row: s.wording(r, l).row(p, ""), Home: path("/warden", site), Path: personPath(codeOf(p), site),
		Marks: l.Evacuation != nil && s.cfg.Alarm != nil && !hidden, Point: s.pointLine(r), Refuges: s.refuges(),
		Names: s.reader(r).whyNoNames(l, hidden), Evac: s.evacLine(r, l, hidden),
	}
	e, err := s.Evidence(record.Code{Badge: p.Badge, Visit: p.Visit})
	if err != nil && !errors.Is(err, ErrNobody) {
		return nil, err
	}
	page.Facts = s.facts(r, e, newJudge(in), b, l.AsOf)
	if p.Disputed {
		page.Dispute = r.Text("warden.why_disputed", nil)
	}
	if p.State == Left {
		page.Out = r.Text("person.left", map[string]any{"Time": s.reader(r).Moment(p.LeftAt, l.AsOf), "How": r.Text(howWord(p.How), nil)})
	}
	if page.Marks && p.Added {
		for _, w := range rows {
			if w.Code != page.Row.Code && w.tab() == tabFind {
				page.Joinable = append(page.Joinable, w)
			}
		}
	}
	return webkit.Page{Name: "person", Path: page.Path, Data: page, Refresh: webkit.Refresh{After: 3 * reload}}, nil
}

// one is whom a code means among those on the list.
func one(in Input, l List, c record.Code) (p Person, b bearer, err error) {
	found := -1
	for i, q := range l.People {
		is := q.Badge == c.Badge
		if !c.Visit.IsZero() {
			is = q.Visit == c.Visit || slices.Contains(l.Joined[q.Visit], c.Visit)
		}
		if !is {
			continue
		}
		if found >= 0 {
			return p, nil, lang.Problem{Key: lang.BadgeAmbiguous}
		}
		found = i
	}
	if found < 0 {
		return p, nil, lang.Problem{Key: "person.missing"}
	}
	p = l.People[found]
	for _, b := range bearers(in.Presences) {
		if b[0].Visit == p.Visit && b[0].Badge() == p.Badge {
			return p, b, nil
		}
	}
	return p, nil, lang.Problem{Key: "person.missing"}
}

// joinPerson says that who was added is somebody on the list.
func (s *Service) joinPerson(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	added, visit := r.Field("added"), r.Field("visit")
	c, err := record.ParseCode(visit)
	if err != nil {
		return nil, lang.Problem{Key: "person.nobody_chosen"}
	}
	if err := s.cfg.Alarm.Join(r.Context(), added, visit); err != nil {
		return nil, err
	}
	code := c.Badge.String()
	if !c.Visit.IsZero() {
		code = c.Visit.String()
	}
	return webkit.Redirect{To: r.Link(personPath(code, siteOf(r)))}, nil
}
