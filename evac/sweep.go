package evac

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// sweepPage is which zones have been searched.
type sweepPage struct {
	Site  record.SiteID
	Evac  evacLine
	Zones []zoneLine
	Says  string
	Home  string
}

// zoneLine is one zone. State is "clear", "not_clear" or "unsearched".
type zoneLine struct {
	ID, State, Says string
	Site            record.SiteID
	Zone            record.ZoneID
	// ToFind is how many who are to be found were last seen there.
	ToFind int
}

func (s *Service) sweepPage(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	site := siteOf(r)
	in := s.gather(true)
	l, err := s.fold(in, site)
	if err != nil {
		return nil, problem(err)
	}
	if l.Evacuation == nil {
		return nil, errNoEvacuation
	}
	p := sweepPage{Site: site, Evac: s.evacLine(r, l, false), Home: path("/warden", site)}
	p.Zones = s.zones(r, in, l)
	searched := 0
	for _, z := range p.Zones {
		if z.State != "unsearched" {
			searched++
		}
	}
	p.Says = r.Text("sweep.count", map[string]any{"Done": searched, "Of": len(p.Zones)})
	return webkit.Page{Name: "sweep", Path: path("/warden/sweep", site), Data: p, Refresh: webkit.Refresh{After: 3 * reload}}, nil
}

// zones are all in which somebody was seen, and all that were searched.
func (s *Service) zones(r *webkit.Request, in Input, l List) (all []zoneLine) {
	type key struct {
		site record.SiteID
		zone record.ZoneID
	}
	at := map[key]int{}
	line := func(k key) *zoneLine {
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, zoneLine{
				ID: placeID(k.site, k.zone), State: "unsearched", Says: r.Text("sweep.unsearched", nil), Site: k.site, Zone: k.zone,
			})
		}
		return &all[i]
	}
	where := map[record.VisitID]key{}
	for _, p := range in.Presences {
		zone := cmp.Or(p.Seen.Place.Zone, record.ZoneID(p.Seen.Place.Entrance))
		if zone == "" || !in.holdsAt(l.Site, p.Seen.Place.Site) {
			continue
		}
		k := key{p.Seen.Place.Site, zone}
		where[p.Visit] = k
		line(k)
	}
	for _, p := range l.People {
		if k, ok := where[p.Visit]; ok && !p.accounted() {
			line(k).ToFind++
		}
	}
	names := newJudge(Input{Entrances: s.cfg.House.Entrances()})
	for _, w := range s.cfg.House.Sweeps().In(*l.Evacuation) {
		if !in.holdsAt(l.Site, w.Place.Site) {
			continue
		}
		z := line(key{w.Place.Site, w.Place.Zone})
		args := map[string]any{"Node": names.name(w.By()), "Time": s.reader(r).Hour(w.At.Time(), l.AsOf)}
		z.State, z.Says = "not_clear", r.Text("sweep.not_clear", args)
		if w.Clear {
			z.State, z.Says = "clear", r.Text("sweep.clear", args)
		}
	}
	swedish := collate.New(language.Swedish, collate.Numeric)
	slices.SortFunc(all, func(a, b zoneLine) int {
		return cmp.Or(swedish.CompareString(string(a.Site), string(b.Site)), swedish.CompareString(string(a.Zone), string(b.Zone)), strings.Compare(a.ID, b.ID))
	})
	return all
}

// placeID names a zone of a site on the page.
func placeID(site record.SiteID, zone record.ZoneID) string {
	return zoneID(string(site) + "\n" + string(zone))
}

// holdsAt is holds for a site that the list was folded for.
func (in Input) holdsAt(list, site record.SiteID) bool {
	in.Site = list
	return in.holds(site)
}

// sweep says that a zone was searched.
func (s *Service) sweep(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	says, zone := r.Field("says"), r.Field("zone")
	if says != "clear" && says != "not_clear" {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	if record.CheckPlaceName(zone) != nil {
		return nil, lang.Problem{Key: "sweep.malformed"}
	}
	at := record.SiteID(r.Field("at"))
	if err := s.cfg.Alarm.Sweep(r.Context(), at, record.ZoneID(zone), says == "clear"); err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link(path("/warden/sweep", siteOf(r))) + "#" + placeID(at, record.ZoneID(zone))}, nil
}

// withQuery adds a value that nobody wrote to an address.
func withQuery(to, name, value string) string {
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return to + sep + name + "=" + url.QueryEscape(value)
}
