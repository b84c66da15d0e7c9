package evac

import (
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
)

// scanPage is where badges are read with the camera or typed by hand.
type scanPage struct {
	Site  record.SiteID
	Point pointLine
	Evac  evacLine
	Done  done
	Home  string
}

func (s *Service) scanPage(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	site := siteOf(r)
	l, err := s.fold(Input{}, site)
	if err != nil {
		return nil, problem(err)
	}
	if l.Evacuation == nil {
		return nil, errNoEvacuation
	}
	return webkit.Page{Name: "scan", Path: path("/warden/scan", site), Data: scanPage{
		Site: site, Point: s.pointLine(r), Evac: s.evacLine(r, l, false), Done: s.wasDone(r), Home: path("/warden", site),
	}}, nil
}
