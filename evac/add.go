package evac

import (
	"errors"
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// addPage tells of somebody who is not on the list, or, with Badge, of the code
// that the person has been given.
type addPage struct {
	Site        record.SiteID
	Point       pointLine
	Text, Fault string
	Badge       record.BadgeCode
	Person      string
	Home        string
}

func (s *Service) addPage(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	p := addPage{}
	if given := r.URL.Query().Get("badge"); given != "" {
		b, err := record.ParseBadge(given)
		if err != nil {
			return nil, lang.Problem{Key: lang.BadgeMalformed}
		}
		p.Badge, p.Person = b, personPath(b.String(), siteOf(r))
	}
	return s.showAdd(r, p), nil
}

func (s *Service) showAdd(r *webkit.Request, p addPage) webkit.Response {
	site := siteOf(r)
	p.Site, p.Point, p.Home = site, s.pointLine(r), path("/warden", site)
	status := 0
	if p.Fault != "" {
		status = http.StatusUnprocessableEntity
	}
	return webkit.Page{Name: "add", Path: path("/warden/add", site), Status: status, Data: p}
}

// add puts somebody on the list. What was written of them goes to the node and
// nowhere else: the address that follows holds the badge code alone.
func (s *Service) add(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	text := r.Field("text")
	badge, err := s.cfg.Alarm.Add(r.Context(), text, s.here(r))
	var problem lang.Problem
	if errors.As(err, &problem) {
		return s.showAdd(r, addPage{Text: text, Fault: r.Text(problem.Key, problem.Args)}), nil
	}
	if err != nil {
		return nil, err
	}
	to := path("/warden/add", siteOf(r))
	return webkit.Redirect{To: withQuery(r.Link(to), "badge", badge)}, nil
}
