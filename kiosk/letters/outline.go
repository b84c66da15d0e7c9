package letters

import (
	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
)

// Point is a place in a picture, in ems from where it begins on its baseline.
type Point struct{ X, Y float64 }

// Segment is a part of an outline.
type Segment struct {
	// Op is 'M', move; 'L', line; 'Q' and 'C', curves of one and two control points.
	// The end is last.
	Op  byte
	All [3]Point
}

// Outline is the outline of a picture, to be filled by the nonzero winding rule; of a space, nothing.
func (w *Writer) Outline(s Shape) []Segment {
	f := w.face(s.font)
	if f == nil {
		return nil
	}
	out, ok := f.GlyphDataOutline(s.id)
	if !ok {
		return nil
	}
	return segments(out, 1/float64(f.Upem()))
}

func segments(o font.GlyphOutline, scale float64) []Segment {
	all := make([]Segment, 0, len(o.Segments))
	for _, from := range o.Segments {
		var to Segment
		switch from.Op {
		case ot.SegmentOpMoveTo:
			to.Op = 'M'
		case ot.SegmentOpLineTo:
			to.Op = 'L'
		case ot.SegmentOpQuadTo:
			to.Op = 'Q'
		case ot.SegmentOpCubeTo:
			to.Op = 'C'
		default:
			continue
		}
		for i, p := range from.Args {
			to.All[i] = Point{float64(p.X) * scale, float64(p.Y) * scale}
		}
		all = append(all, to)
	}
	return all
}
