package office

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"
	"sync"

	"github.com/upprop/upprop/node/printer"
)

// labelForm is on which printers this node prints badges, as it is or as it was
// written.
type labelForm struct {
	// Printers are tried in order, one on each line; empty and not Set: none is.
	Printers, Width, Height, DPI string
	Set                          bool
	// State says how it goes.
	State, Tone string
}

// labelForm fills a form that nobody has written with what is set.
func (o *Office) labelForm(r request, f labelForm) labelForm {
	s, st := o.cfg.Node.Labels().Settings()
	f.Set = len(s.Printers) > 0
	if f.Width+f.Height+f.DPI+f.Printers == "" {
		size := o.labelSize()
		f.Printers = strings.Join(s.Printers, "\n")
		f.Width, f.Height, f.DPI = strconv.Itoa(size.Width), strconv.Itoa(size.Height), strconv.Itoa(size.DPI)
	}
	now := o.cfg.Clock()
	switch {
	case st.Damaged:
		f.State, f.Tone = r.Text("label.damaged", nil), "fault"
	case !f.Set:
		f.State, f.Tone = r.Text("label.unset", nil), "note"
	case !st.Failed.IsZero():
		f.State, f.Tone = r.Text("label.fails", map[string]any{"Since": o.moment(r, st.Failed, now), "Why": st.Why, "Waiting": st.Waiting}), "fault"
	case !st.Printed.IsZero():
		f.State, f.Tone = r.Text("label.prints", map[string]any{"At": o.moment(r, st.Printed, now), "By": st.By, "Waiting": st.Waiting}), "done"
	default:
		f.State, f.Tone = r.Text("label.untried", nil), "note"
	}
	return f
}

// settings are those that a form says; what is no number is none that is taken.
func (f labelForm) settings() (s printer.LabelSettings) {
	for _, line := range strings.Split(f.Printers, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			s.Printers = append(s.Printers, line)
		}
	}
	for text, to := range map[*string]*int{&f.Width: &s.Width, &f.Height: &s.Height, &f.DPI: &s.DPI} {
		*to, _ = strconv.Atoi(strings.TrimSpace(*text))
	}
	return s
}

// silhouette is a picture of nobody, a PNG, for badges that show how badges look.
var silhouette = sync.OnceValue(func() []byte {
	m := image.NewGray(image.Rect(0, 0, 240, 300))
	for y := range 300 {
		for x := range 240 {
			head, body := square(x-120)+square(y-115) < square(62), square(x-120)*4+square(y-310)*4 < square(2*118)
			switch {
			case head, body:
				m.SetGray(x, y, color.Gray{Y: 0x70})
			default:
				m.SetGray(x, y, color.Gray{Y: 0xd8})
			}
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, m) // into memory
	return out.Bytes()
})

func square(n int) int { return n * n }
