package office

import (
	"context"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/points"
)

// move is the form that says in which other place somebody is. Why says why that is
// not to be said here now; empty: it is.
type move struct {
	Places []choice
	Why    string
	Open   bool
}

// move is the form about somebody inside; nil where there is no other place.
func (o *Office) move(r request, p visitPage, s record.Presence) *move {
	if !p.Open || !r.who.May(operators.Create) {
		return nil
	}
	zones, sites := o.cfg.Node.Zones(), map[record.SiteID]bool{}
	for _, z := range zones {
		sites[z.Site] = true
	}
	m, chosen := &move{}, r.Field("place")
	for _, z := range zones {
		if z == (points.Zone{Site: s.Seen.Place.Site, Zone: s.Seen.Place.Zone}) && s.State == record.Present {
			continue
		}
		word := string(z.Zone)
		switch {
		case z.Zone == "":
			word = string(z.Site)
		case len(sites) > 1:
			word += ", " + string(z.Site)
		}
		m.Places = append(m.Places, choice{Value: z.String(), Word: word, Chosen: chosen == z.String()})
	}
	if len(m.Places) == 0 {
		return nil
	}
	// Nobody is moved by a press alone.
	m.Places = slices.Insert(m.Places, 0, choice{Word: r.Text("visit.choose_place", nil)})
	if _, on := o.cfg.Node.Replica().Evacuations().Running(""); on {
		m.Why = r.Text("visit.move_alarm", nil)
	}
	return m
}

// moveTo records, on the word of the operator, that somebody is in another place.
func (o *Office) moveTo(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	site, zone, ok := strings.Cut(r.Field("place"), "/")
	err = node.ErrNoPlace
	if ok {
		err = o.cfg.Node.Move(ctx, s.Visit, points.Zone{Site: record.SiteID(site), Zone: record.ZoneID(zone)}, r.by())
	}
	if err != nil {
		return o.visitAgain(r, err, func(p *visitPage) {
			if p.Move != nil {
				p.Move.Open = true
			}
		})
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String() + "?done=moved")}, nil
}
