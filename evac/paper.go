package evac

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Paper makes pages, as PDF. It is safe for concurrent use and keeps nothing
// of what it is given.
type Paper interface {
	// List is everybody on the list, to be ticked off by hand.
	List(w io.Writer, l List, h Head) error
	// HandOver is one page for the fire service.
	HandOver(w io.Writer, l List, h Head) error
	// Report is the report of an evacuation or a drill.
	Report(w io.Writer, r Report, h Head) error
}

// Head is what stands on a paper besides the list or the report.
type Head struct {
	// Campus and Node say whose paper it is and which node made it.
	Campus, Node string
	Site         record.SiteID // empty: the whole campus
	// Logo is the house's, a PNG with nothing to see through; nil for none.
	Logo []byte
	Lang lang.Locale
	Zone *time.Location
	// Sweeps are the searches of zones in the evacuation that runs, and Refuges
	// the places where people can wait for help.
	Sweeps  []Swept
	Refuges []Point
	// Waiting are the refuges of what runs, with what was said to and from there.
	Waiting []Refuged
}

// The papers.
const (
	paperList     = "list"
	paperHandOver = "handover"
	paperReport   = "report"
)

// paged answers with a paper.
func (s *Service) paged(paper string) func(http.Header, *http.Request) ([]byte, error) {
	return func(h http.Header, r *http.Request) ([]byte, error) {
		q := r.URL.Query()
		locale := lang.Locale(q.Get("lang"))
		switch locale {
		case "":
			locale = lang.Choose("", r.Header.Get("Accept-Language"))
		case lang.Swedish, lang.English:
		default:
			return nil, &refusal{http.StatusBadRequest, "papers are not made in this language", "ask for sv or en"}
		}
		b, err := s.print(s.cfg.Withhold(r), paper, record.SiteID(q.Get("site")), q.Get("id"), locale)
		if err != nil {
			return nil, err
		}
		h.Set("Content-Type", "application/pdf")
		return b, nil
	}
}

// logo is the house's, for paper; nil for none.
func (s *Service) logo() []byte {
	if s.cfg.Look == nil {
		return nil
	}
	return s.cfg.Look().Logo.FlatPNG()
}

// print makes a paper and puts on record that it was made, in that order: a
// paper that is not on record is given to nobody.
func (s *Service) print(hidden bool, paper string, site record.SiteID, id string, locale lang.Locale) ([]byte, error) {
	if s.cfg.Paper == nil {
		return nil, &refusal{http.StatusNotFound, "this node makes no papers", "ask another node of the campus"}
	}
	h := Head{Campus: s.cfg.CampusName, Node: s.cfg.NodeName, Site: site, Lang: locale, Zone: s.cfg.Zone, Refuges: s.refuges(), Logo: s.logo()}
	var b bytes.Buffer
	if paper == paperReport {
		got, err := s.reportOf(id, site)
		if err != nil {
			return nil, err
		}
		if err := s.cfg.Paper.Report(&b, got, h); err != nil {
			return nil, fmt.Errorf("print report: %w", err)
		}
		return b.Bytes(), s.printed(nil, "report of "+got.Evacuation.ID.String())
	}
	l, err := s.fold(s.gather(hidden), site)
	if err != nil {
		return nil, err
	}
	h.Sweeps, h.Waiting = s.swept(l), s.refuged(l)
	on := l.People
	if paper == paperHandOver {
		on = l.HandedOver()
		err = s.cfg.Paper.HandOver(&b, l, h)
	} else {
		err = s.cfg.Paper.List(&b, l, h)
	}
	if err != nil {
		return nil, fmt.Errorf("print %s: %w", paper, err)
	}
	var named []record.VisitID
	for _, p := range on {
		if p.Opened && !p.Visit.IsZero() {
			named = append(named, p.Visit)
		}
	}
	return b.Bytes(), s.printed(named, fmt.Sprintf("%s, %d people, %d with names", paper, len(on), len(named)))
}

func (s *Service) printed(named []record.VisitID, what string) error {
	if s.cfg.Printed == nil {
		return nil
	}
	if err := s.cfg.Printed(named, what); err != nil {
		s.cfg.Logger.Error("a paper could not be put on record, and was not given out", "err", err.Error())
		return &refusal{http.StatusServiceUnavailable, "the paper was not given out: that it was made could not be put on record", "try again in a moment, and look at `upprop doctor`"}
	}
	return nil
}

// ListPaper is the list of the whole campus as pages, for a printer that stands
// where this node's names may be read. It is put on record.
func (s *Service) ListPaper(locale lang.Locale) ([]byte, error) {
	return s.print(false, paperList, "", "", locale)
}

// MaxHandedOver is how many people the page for the fire service names.
const MaxHandedOver = 25

// HandedOver are those named on the page for the fire service: the first of
// whom it is not known that they are out of danger, and of them those last whom
// the clock has signed out.
func (l List) HandedOver() (all []Person) {
	for _, probably := range []bool{false, true} {
		for _, s := range l.Sections() {
			for _, p := range s.People {
				if !p.accounted() && (p.State == ProbablyLeft) == probably && len(all) < MaxHandedOver {
					all = append(all, p)
				}
			}
		}
	}
	return all
}

// swept are the searches of the evacuation that runs, at the list's site.
func (s *Service) swept(l List) (all []Swept) {
	if l.Evacuation == nil {
		return nil
	}
	names := newJudge(Input{Entrances: s.cfg.House.Entrances()})
	for _, w := range s.cfg.House.Sweeps().In(*l.Evacuation) {
		if (Input{Site: l.Site}).holds(w.Place.Site) {
			all = append(all, Swept{w.Place.Site, w.Place.Zone, w.Clear, w.At.Time(), names.name(w.By())})
		}
	}
	return all
}

// paperPage is a paper for the reader of the screens, if names may be shown
// there.
func (s *Service) paperPage(paper string) func(*webkit.Request) (webkit.Response, error) {
	return func(r *webkit.Request) (webkit.Response, error) {
		if s.cfg.Paper == nil || s.cfg.Withhold(r.Request) {
			return nil, lang.Problem{Key: "pages.not_here"}
		}
		b, err := s.print(false, paper, siteOf(r), "", r.Locale)
		var no *refusal
		switch {
		case errors.As(err, &no):
			return nil, lang.Problem{Key: "pages.not_recorded"}
		case err != nil:
			return nil, problem(err)
		}
		return webkit.File{Type: "application/pdf", Name: paper + ".pdf", Body: b}, nil
	}
}

// paperLink leads to a paper.
type paperLink struct{ Path, Says string }

func (s *Service) papers(r *webkit.Request, site record.SiteID, hidden bool) []paperLink {
	if s.cfg.Paper == nil || hidden {
		return nil
	}
	return []paperLink{
		{path("/warden/list.pdf", site), r.Text("pages.to_list", nil)},
		{path("/warden/handover.pdf", site), r.Text("pages.to_handover", nil)},
	}
}
