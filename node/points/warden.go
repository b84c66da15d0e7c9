package points

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Warden is who is on duty where: a warden's node, or a duty by name ("Floor
// 2"). A duty is not a person's name: settings lie readable on every node, and
// nothing there can be erased for one person.
type Warden struct {
	// Node is set for a node; Duty is empty then.
	Node record.NodeID `json:"-"`
	Duty string        `json:"duty"`
	// Name is the node's name, or the duty; of a node that is no member in
	// good standing, its id.
	Name string `json:"name"`
	// Gone: the node is no warden of this campus any more.
	Gone   bool               `json:"gone"`
	Points []record.PointName `json:"points"`
	Zones  []Zone             `json:"zones"`
}

// Zone is a zone of a site.
type Zone struct {
	Site record.SiteID `json:"site"`
	Zone record.ZoneID `json:"zone"`
}

func (z Zone) String() string { return string(z.Site) + "/" + string(z.Zone) }

// Duty says who a warden is and what is assigned.
type Duty struct {
	// Name is that of a node of role warden; or with Free, of a duty.
	Name string
	Free bool
	// Point and Zone are what is assigned, either or both. Site is the zone's;
	// empty: this node's.
	Point record.PointName
	Zone  record.ZoneID
	Site  record.SiteID
}

const (
	prefixWarden = "warden/"
	ofNode       = "node:"
	ofDuty       = "duty:"
)

// Wardens are all who are assigned, in order of name.
func (b *Book) Wardens() (out []Warden) {
	members := map[string]Member{}
	for _, m := range b.cfg.Members() {
		members[m.ID.String()] = m
	}
	for id, f := range sheet.Groups(b.cfg.Settings, prefixWarden) {
		who := f["who"].String()
		if slug(who) != id {
			continue
		}
		w := Warden{Points: []record.PointName{}, Zones: []Zone{}}
		if node, ok := strings.CutPrefix(who, ofNode); ok {
			m, member := members[node]
			if w.Node.UnmarshalText([]byte(node)) != nil {
				continue
			}
			w.Name, w.Gone = cmp.Or(m.Name, node), !member || !m.Warden
		} else if w.Duty, ok = strings.CutPrefix(who, ofDuty); ok {
			w.Name = w.Duty
		} else {
			continue
		}
		for field, v := range f {
			switch site, zone, isZone := strings.Cut(v.String(), "/"); {
			case v.String() == "":
			case strings.HasPrefix(field, "point/"):
				w.Points = append(w.Points, record.PointName(v.String()))
			case strings.HasPrefix(field, "zone/") && isZone:
				w.Zones = append(w.Zones, Zone{record.SiteID(site), record.ZoneID(zone)})
			}
		}
		if len(w.Points)+len(w.Zones) == 0 {
			continue
		}
		slices.Sort(w.Points)
		slices.SortFunc(w.Zones, func(a, b Zone) int { return cmp.Compare(a.String(), b.String()) })
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b Warden) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Duty, b.Duty)) })
	return out
}

// Who is the warden or duty as the settings name it, which no other has.
func (w Warden) Who() string {
	if w.Duty != "" {
		return ofDuty + w.Duty
	}
	return ofNode + w.Node.String()
}

// Assign puts a warden or a duty at a point, a zone or both, besides what is
// assigned already, durably. by is as in Put. Errors: ErrNotHere, *Problem, the
// Barred one.
func (b *Book) Assign(ctx context.Context, by string, d Duty) error {
	if err := b.may(); err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	who, err := b.who(d)
	if err != nil {
		return err
	}
	at := prefixWarden + slug(who) + "/"
	all := []crdt.Setting{sheet.Text(at+"who", who)}
	if d.Point != "" {
		p, ok := b.find(record.PointName(sheet.Tidy(string(d.Point))))
		if !ok {
			return errNoPoint
		}
		all = append(all, sheet.Text(at+"point/"+slug(string(p.Name)), string(p.Name)))
	}
	if d.Zone != "" {
		z := Zone{cmp.Or(d.Site, b.cfg.Site()), record.ZoneID(sheet.Tidy(string(d.Zone)))}
		if record.CheckPlaceName(string(z.Zone)) != nil {
			return &Problem{Key: "points.zone", Hint: "that cannot name a zone: write at most 64 bytes, without slashes or control characters"}
		}
		if record.CheckPlaceName(string(z.Site)) != nil || !b.cfg.Known(z.Site) {
			return &Problem{Key: "points.no_site", Hint: "no site of that name is known here, and nothing was saved: name the zone's site with --site, as `upprop nodes` does"}
		}
		all = append(all, sheet.Text(at+"zone/"+slug(z.String()), z.String()))
	}
	switch {
	case len(all) == 1:
		return &Problem{Key: "points.nothing", Hint: "nothing to assign was named: name a point, a zone or both"}
	case len(b.Wardens()) >= MaxWardens:
		return &Problem{Key: "points.full", Limit: MaxWardens, Hint: fmt.Sprintf("%d wardens and duties are assigned already, which is as many as a campus may have: remove one first", MaxWardens)}
	}
	return b.set(ctx, by, "warden.assign", who, all)
}

// Relieve takes all that is assigned from a warden or a duty, durably. It
// finds them by the name that Wardens gives. by is as in Put. Errors: ErrNotHere,
// *Problem, the Barred one.
func (b *Book) Relieve(ctx context.Context, by, name string) error {
	name = sheet.Tidy(name)
	return b.take(ctx, by, func(w Warden) ([]record.PointName, []Zone) {
		if w.Name != name {
			return nil, nil
		}
		return w.Points, w.Zones
	})
}

// Take takes these points and zones from one warden or duty, by its Who, durably,
// and leaves what somebody else has assigned meanwhile. Errors: as of Relieve.
func (b *Book) Take(ctx context.Context, by, who string, points []record.PointName, zones []Zone) error {
	return b.take(ctx, by, func(w Warden) (p []record.PointName, z []Zone) {
		if w.Who() != who {
			return nil, nil
		}
		for _, x := range points {
			if slices.Contains(w.Points, x) {
				p = append(p, x)
			}
		}
		for _, x := range zones {
			if slices.Contains(w.Zones, x) {
				z = append(z, x)
			}
		}
		return p, z
	})
}

// take takes from each what of says.
func (b *Book) take(ctx context.Context, by string, of func(Warden) ([]record.PointName, []Zone)) error {
	if err := b.may(); err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	var all []crdt.Setting
	var from []string
	for _, w := range b.Wardens() {
		points, zones := of(w)
		at := prefixWarden + slug(w.Who()) + "/"
		for _, p := range points {
			all = append(all, sheet.Text(at+"point/"+slug(string(p)), ""))
		}
		for _, z := range zones {
			all = append(all, sheet.Text(at+"zone/"+slug(z.String()), ""))
		}
		if len(points)+len(zones) > 0 {
			from = append(from, w.Name)
		}
	}
	if all == nil {
		return &Problem{Key: "points.no_warden", Hint: "nothing is assigned under that name: write it as `upprop warden list` does"}
	}
	return b.set(ctx, by, "warden.remove", from[0], all)
}

// who is a warden or duty as the settings name it.
func (b *Book) who(d Duty) (string, error) {
	name := sheet.Tidy(d.Name)
	if d.Free {
		if record.CheckPlaceName(name) != nil {
			return "", &Problem{Key: "points.duty", Hint: `that cannot name a duty: write what is to be done, like "Floor 2", in at most 64 bytes and without slashes; not who does it: names of people do not belong in settings, where they cannot be erased`}
		}
		return ofDuty + name, nil
	}
	for _, m := range b.cfg.Members() {
		if m.Name != name && m.ID.String() != name {
			continue
		}
		if !m.Warden {
			return "", &Problem{Key: "points.not_warden", Hint: "that node is no warden: name a node of role warden (`upprop nodes` lists them), or a duty with --duty"}
		}
		return ofNode + m.ID.String(), nil
	}
	return "", &Problem{Key: "points.no_node", Hint: `no node of that name is known here: name a node of role warden as "upprop nodes" does; for a duty such as "Floor 2" add --duty; names of people do not belong here`}
}
