package office

import (
	"context"
	"fmt"

	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/look"
)

// lookPage is the house's colour and logo, and what becomes of them.
type lookPage struct {
	Frame frame
	// Colour is what the form has; Chosen that the house has one.
	Colour string
	Chosen bool
	// Shades are how a colour that can be read as one looks.
	Shades []shadeView
	Logo   *look.Logo
	// Kilobytes is how large a logo's file may be.
	Kilobytes int
	Done      string
	Faults    faults
}

// shadeView is a colour on light screens, or on dark ones.
type shadeView struct {
	Grounds look.Grounds
	look.Shades
	Where, Says string
}

// own is the program's own colour.
var own = look.Colour{R: 0x0d, G: 0x4f, B: 0x45}

func (o *Office) look(r request) (webkit.Response, error) { return o.lookPage(r, lookPage{}), nil }

func (o *Office) lookPage(r request, p lookPage) webkit.Page {
	now := o.cfg.Node.Look().Now()
	p.Frame, p.Logo, p.Kilobytes, p.Chosen = o.frame(r, "settings"), now.Logo, look.MaxUpload>>10, now.Colour != nil
	if p.Colour == "" {
		p.Colour = own.String()
		if now.Colour != nil {
			p.Colour = now.Colour.String()
		}
	}
	if c, ok := look.ParseColour(p.Colour); ok {
		p.Shades = shadesOf(r, c)
	}
	return webkit.Page{Name: "look", Path: "/admin/look", Data: p}
}

func shadesOf(r request, c look.Colour) []shadeView {
	light := shadeView{Grounds: look.Light, Shades: look.Light.For(c), Where: r.Text("look.light", nil)}
	dark := shadeView{Grounds: look.Dark, Shades: look.Dark.For(c), Where: r.Text("look.dark", nil)}
	for s, key := range map[*shadeView]string{&light: "look.darker", &dark: "look.lighter"} {
		if !s.Changed {
			key = "look.as_chosen"
		}
		s.Says = r.Text(key, map[string]any{"Shade": s.Accent.String(), "Ratio": fmt.Sprintf("%.1f", look.Contrast(s.Accent, s.Grounds.Paper))})
	}
	return []shadeView{light, dark}
}

// previewLook is what becomes of a colour that is being chosen; nothing is saved.
func (o *Office) previewLook(r request) (webkit.Response, error) {
	c, ok := look.ParseColour(r.URL.Query().Get("colour"))
	if !ok {
		return webkit.Data{Value: map[string]string{"html": ""}}, nil
	}
	html, err := r.Fragment("look", "shades", shadesOf(r, c))
	return webkit.Data{Value: map[string]string{"html": string(html)}}, err
}

// changeLook does the one thing that was pressed.
func (o *Office) changeLook(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	p, e, none := lookPage{}, look.Edit{}, look.None
	said := "look.saved"
	switch r.Field("do") {
	case "show":
		p.Colour = r.Field("colour")
		return o.lookPage(r, p), nil
	case "colour":
		p.Colour = r.Field("colour")
		e.Colour = &p.Colour
	case "no_colour":
		e.Colour, said = &none, "look.own_again"
	case "logo":
		file, err := r.File("logo")
		if err != nil {
			return nil, err
		}
		if len(file) == 0 {
			file = []byte(" ") // no file is no picture
		}
		e.Logo = file
	case "no_logo":
		e.Drop, said = true, "look.no_logo"
	}
	if err := o.cfg.Node.Look().Set(ctx, r.by(), e); err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.lookPage(r, p)
		})
	}
	return o.lookPage(r, lookPage{Done: r.Text(said, nil)}), nil
}
