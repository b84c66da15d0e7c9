package badges

import (
	"maps"
	"slices"

	"github.com/upprop/upprop/node/sheet"
)

// Shape is in which shape a badge is printed from a screen. Label printers have their
// own size.
type Shape string

// The shapes.
const (
	Card  Shape = "card"  // 86 × 54 mm, lying
	Label Shape = "label" // 62 mm wide, 100 mm high
	None  Shape = "none"  // screens print no badges
)

// Shapes are those there are. Do not change the slice.
func Shapes() []Shape { return shapes }

var shapes = []Shape{Card, Label, None}

// Part is something that may stand on a badge, or not.
type Part string

// The parts. Campus is its logo where it has one; Where is the site, and the zone of
// the entrance where it has one.
const (
	Campus  Part = "campus"
	Company Part = "company"
	Host    Part = "host"
	Since   Part = "since"
	Where   Part = "where"
	Photo   Part = "photo"
)

// Parts are those there are, in the order of a badge. Do not change the slice.
func Parts() []Part { return parts }

var parts = []Part{Campus, Photo, Company, Host, Where, Since}

// MaxFoot is the longest text at the foot, in characters.
const MaxFoot = 60

// Layout is what stands on badges.
type Layout struct {
	Shape Shape `json:"shape"`
	// Shown says of each of Parts whether it is there.
	Shown map[Part]bool `json:"shown"`
	// Given: what is written largest is the first word of the name; else the whole is.
	Given bool `json:"given"`
	// Back: badges are to be handed back, and desks are told which have not been.
	Back bool `json:"back"`
	// Foot is what stands at the foot, by language ("sv"); without one there it is said
	// that the badge is shown on the way out. Labels have none.
	Foot map[string]string `json:"foot"`
}

// Standard is the layout before anybody has said anything.
func Standard() Layout {
	return Layout{Shape: Card, Shown: map[Part]bool{Campus: true, Company: true, Host: true, Since: true, Where: false, Photo: true}, Foot: map[string]string{}}
}

// Edit is what is to be said; what is nil, or is not in a map, stays as it is.
type Edit struct {
	Shape *Shape
	Shown map[Part]bool
	Given *bool
	Back  *bool
	Foot  map[string]string
}

// Empty reports whether an edit says nothing.
func (e Edit) Empty() bool {
	return e.Shape == nil && len(e.Shown) == 0 && e.Given == nil && e.Back == nil && len(e.Foot) == 0
}

// Over is a layout as it would be with the edit; what is no part of a badge is passed
// over.
func (e Edit) Over(l Layout) Layout {
	l.Shown, l.Foot = maps.Clone(l.Shown), maps.Clone(l.Foot)
	if e.Shape != nil && slices.Contains(shapes, *e.Shape) {
		l.Shape = *e.Shape
	}
	for _, p := range parts {
		if v, said := e.Shown[p]; said {
			l.Shown[p] = v
		}
	}
	if e.Given != nil {
		l.Given = *e.Given
	}
	if e.Back != nil {
		l.Back = *e.Back
	}
	for lang, text := range e.Foot {
		if t, err := sheet.Line("foot", text, MaxFoot); err == nil {
			l.Foot[lang] = t
		}
	}
	return l
}
