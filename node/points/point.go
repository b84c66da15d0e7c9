package points

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Kind says what a point is for.
type Kind string

const (
	// Muster: people gather here, out of danger.
	Muster Kind = "point"
	// Refuge: people wait here, in the house, to be helped out.
	Refuge Kind = "refuge"
	// removed stands in the settings for what is no more.
	removed Kind = "removed"
)

// Point is a muster point or a refuge.
type Point struct {
	Name record.PointName `json:"name"`
	Site record.SiteID    `json:"site"`
	Kind Kind             `json:"kind"`
	// Position says in words where it is, as people there would.
	Position string `json:"position"`
	// At is where it is on a map; nil where that is not known.
	At *LatLon `json:"at"`
	// Place is where it is on the plan of its site; nil where it is not on it.
	Place *Place `json:"place"`
	// Capacity is how many it holds; zero where that is not known.
	Capacity int `json:"capacity"`
	// Text says what to do there, by language ("sv").
	Text map[string]string `json:"text"`
}

// Place is a place on a plan, in per mille of its width from the left and of its
// height from the top.
type Place struct {
	X int `json:"x"`
	Y int `json:"y"`
}

const (
	// NoPlace is X and Y of a point that is not on the plan.
	NoPlace = -1
	// farthest is the right edge of a plan, and the lower one.
	farthest = 1000
)

// Edit is what is to be said of a point; what is nil stays as it is. Of a
// point that is new, what is nil is empty. A point that comes to another site is
// on no plan any more, unless it is said where.
type Edit struct {
	Site     *record.SiteID
	Kind     *Kind
	Position *string
	// At is "LAT,LON"; empty: not known any more.
	At *string
	// X and Y are those of a Place; NoPlace: not on the plan any more.
	X, Y     *int
	Capacity *int
	Text     map[string]string
}

const prefixPoint = "point/"

// List are all points and refuges, in order of site, kind and name. The caller
// may keep the slice, and changes nothing in it.
func (b *Book) List() []Point { return slices.Clone(b.current()) }

// Known reports whether a point or refuge of this name is set up.
func (b *Book) Known(name record.PointName) bool {
	_, ok := b.find(record.PointName(sheet.Tidy(string(name))))
	return ok
}

func (b *Book) find(name record.PointName) (Point, bool) {
	all := b.current()
	if i := slices.IndexFunc(all, func(p Point) bool { return p.Name == name }); i >= 0 {
		return all[i], true
	}
	return Point{}, false
}

// current reads the settings anew only when one has changed.
func (b *Book) current() []Point {
	return b.memo.Of(b.cfg.Settings, "", b.fold)
}

// fold reads the points from the settings. What has not the form that this
// release writes is passed over: another may have written it.
func (b *Book) fold() (out []Point) {
	for id, f := range sheet.Groups(b.cfg.Settings, prefixPoint) {
		p := Point{
			Name: record.PointName(f["name"].String()), Site: record.SiteID(f["site"].String()), Kind: Kind(f["kind"].String()),
			Position: f["position"].String(), Capacity: int(f["capacity"].Int()), Text: map[string]string{},
		}
		if (p.Kind != Muster && p.Kind != Refuge) || slug(string(p.Name)) != id || record.CheckPlaceName(string(p.Name)) != nil {
			continue
		}
		if at, err := ParseLatLon(f["at"].String()); err == nil {
			p.At = &at
		}
		if x, y := f["x"], f["y"]; x.Kind() == shape.KindInt && y.Kind() == shape.KindInt && onPlan(x.Int()) && onPlan(y.Int()) {
			p.Place = &Place{int(x.Int()), int(y.Int())}
		}
		if p.Capacity < 0 || p.Capacity > MaxCapacity {
			p.Capacity = 0
		}
		for field, v := range f {
			if l, ok := strings.CutPrefix(field, "text/"); ok && v.String() != "" {
				p.Text[l] = v.String()
			}
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func onPlan(n int64) bool { return n >= 0 && n <= farthest }

var language = regexp.MustCompile(`^[a-z]{2,3}$`)

// Put adds a point or changes what is said of one, durably, and returns it as
// it stands. by is the operator, empty for whoever works at this node. Errors: ErrNotHere, *Problem, the Barred one.
func (b *Book) Put(ctx context.Context, by string, name record.PointName, e Edit) (Point, error) {
	if err := b.may(); err != nil {
		return Point{}, err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	name = record.PointName(sheet.Tidy(string(name)))
	if record.CheckPlaceName(string(name)) != nil {
		return Point{}, &Problem{Key: "points.name", Hint: "that cannot name a point: write at most 64 bytes, without slashes or control characters, not beginning with a hyphen"}
	}
	was, known := b.find(name)
	switch {
	case !known:
		if err := b.room(name); err != nil {
			return Point{}, err
		}
		e = e.whole(b.cfg.Site())
	case e.Site != nil && *e.Site != was.Site:
		e = e.unplaced()
	}
	all, err := b.settings(prefixPoint+slug(string(name))+"/", name, known, e)
	if err != nil {
		return Point{}, err
	}
	what := "point.add"
	if known {
		what = "point.change"
	}
	if err := b.set(ctx, by, what, string(name), all); err != nil {
		return Point{}, err
	}
	p, _ := b.find(name)
	return p, nil
}

// room says why there can be no other point of this name, or nil.
func (b *Book) room(name record.PointName) error {
	all := b.current()
	for _, p := range all {
		if strings.EqualFold(string(p.Name), string(name)) {
			return &Problem{Key: "points.alike", Hint: fmt.Sprintf("there is a point %q already, which differs in capitals only, and nothing was saved: write it the same way, or choose another name", p.Name)}
		}
	}
	if len(all) >= MaxPoints {
		return &Problem{Key: "points.full", Limit: MaxPoints, Hint: fmt.Sprintf("there are %d points already, which is as many as a campus may have: remove one first", MaxPoints)}
	}
	return nil
}

// whole fills in what is not said of a new point, so that nothing of a former
// one of the same name comes back.
func (e Edit) whole(site record.SiteID) Edit {
	kind, none, zero := Muster, "", 0
	e.Site, e.Kind = cmp.Or(e.Site, &site), cmp.Or(e.Kind, &kind)
	e.Position, e.At, e.Capacity = cmp.Or(e.Position, &none), cmp.Or(e.At, &none), cmp.Or(e.Capacity, &zero)
	return e.unplaced()
}

// unplaced is on no plan, where it is not said where.
func (e Edit) unplaced() Edit {
	nowhere := NoPlace
	e.X, e.Y = cmp.Or(e.X, &nowhere), cmp.Or(e.Y, &nowhere)
	return e
}

// settings are an edit's, checked.
func (b *Book) settings(at string, name record.PointName, known bool, e Edit) (all []crdt.Setting, err error) {
	all = append(all, sheet.Text(at+"name", string(name)))
	if e.Kind != nil {
		if *e.Kind != Muster && *e.Kind != Refuge {
			return nil, &Problem{Key: "points.kind", Hint: `there is no such kind of point: it is "point" or "refuge"`}
		}
		all = append(all, sheet.Text(at+"kind", string(*e.Kind)))
	}
	if e.Site != nil {
		// A point at a misspelt site would be shown to nobody.
		if *e.Site != "" && (record.CheckPlaceName(string(*e.Site)) != nil || !b.cfg.Known(*e.Site)) {
			return nil, &Problem{Key: "points.no_site", Hint: "no site of that name is known here, and nothing was saved: write it as `upprop nodes` does"}
		}
		all = append(all, sheet.Text(at+"site", string(*e.Site)))
	}
	if e.Position != nil {
		s, err := sheet.Line("position", *e.Position, MaxText)
		if err != nil {
			return nil, err
		}
		all = append(all, sheet.Text(at+"position", s))
	}
	if e.At != nil {
		s := ""
		if *e.At != "" {
			p, err := ParseLatLon(*e.At)
			if err != nil {
				return nil, err
			}
			s = p.String()
		}
		all = append(all, sheet.Text(at+"at", s))
	}
	// Always in this order: of two who place a point apart, one then has both.
	for i, n := range []*int{e.X, e.Y} {
		if n == nil {
			continue
		}
		field := []string{"x", "y"}[i]
		if *n != NoPlace && !onPlan(int64(*n)) {
			return nil, &Problem{Key: "points.place", Field: field, Hint: "a place on the plan is written in percent: 0 to 100 from the left, and 0 to 100 from the top; nothing was saved"}
		}
		all = append(all, crdt.Setting{Key: at + field, Value: shape.Int(int64(*n))})
	}
	if e.Capacity != nil {
		if *e.Capacity < 0 || *e.Capacity > MaxCapacity {
			return nil, &Problem{Key: "points.capacity", Limit: MaxCapacity, Hint: fmt.Sprintf("a capacity is a number of people from 0 (not known) to %d", MaxCapacity)}
		}
		all = append(all, crdt.Setting{Key: at + "capacity", Value: shape.Int(int64(*e.Capacity))})
	}
	for _, l := range slices.Sorted(maps.Keys(e.Text)) {
		if !language.MatchString(l) {
			return nil, &Problem{Key: "points.language", Hint: "a text's language is written with two or three small letters, like sv or en"}
		}
		s, err := sheet.Line("text", e.Text[l], MaxText)
		if err != nil {
			return nil, err
		}
		all = append(all, sheet.Text(at+"text/"+l, s))
	}
	if known {
		return all, nil
	}
	// Texts of a former point of this name are taken back.
	for _, s := range b.cfg.Settings.Settings(at + "text/") {
		if _, said := e.Text[strings.TrimPrefix(s.Key, at+"text/")]; !said {
			all = append(all, sheet.Text(s.Key, ""))
		}
	}
	return all, nil
}

// Remove takes a point off the list, durably. Marks that name it are kept, and
// say that it is not known. by is as in Put. Errors: ErrNotHere, *Problem, the Barred one.
func (b *Book) Remove(ctx context.Context, by string, name record.PointName) error {
	if err := b.may(); err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	name = record.PointName(sheet.Tidy(string(name)))
	if _, ok := b.find(name); !ok {
		return errNoPoint
	}
	return b.set(ctx, by, "point.remove", string(name), []crdt.Setting{sheet.Text(prefixPoint+slug(string(name))+"/kind", string(removed))})
}

var errNoPoint = &Problem{Key: "points.unknown", Hint: "no muster point or refuge of that name is set up: write it as `upprop point list` does"}
