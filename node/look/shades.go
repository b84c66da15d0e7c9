package look

// Least is the contrast that text in the house's colour, and text on it, has at
// least (WCAG 2.2, AA, 1.4.3).
const Least = 4.5

// Shades are what becomes of a colour on light screens, or on dark ones.
type Shades struct {
	// Accent is the colour of buttons and links, Pressed that of a button under a
	// finger; On and OnSoft are text on both.
	Accent, Pressed, On, OnSoft Colour
	// Tint is a ground that has a little of the colour, behind text of any kind.
	Tint Colour
	// Far, Mid and Near are the hills behind the first page.
	Far, Mid, Near Colour
	// Changed: the colour cannot be read as it was chosen, and is darker or lighter.
	Changed bool
}

// Grounds are the colours of the screens themselves, which no house chooses: of
// the page, of what lies on it, and of text, the softer one second.
type Grounds struct{ Paper, Sheet, Ink, Soft Colour }

// The grounds of light screens and of dark ones.
var (
	Light = Grounds{must("#f3f1ea"), must("#fffefa"), must("#16201e"), must("#42504c")}
	Dark  = Grounds{must("#0f1716"), must("#18221f"), must("#eef3f0"), must("#bccac4")}
)

var black, white = Colour{}, Colour{255, 255, 255}

// For are the shades of a colour on these grounds. Whatever the colour is, Accent
// on Paper, Sheet and Tint, On and OnSoft on Accent and Pressed, and the screens'
// text on Tint and the hills have a contrast of Least or more.
func (g Grounds) For(c Colour) (s Shades) {
	// Text in the colour goes away from the ground; text on it, back.
	away, back, tint := black, white, 26
	if g.Paper.Luminance() < g.Ink.Luminance() {
		away, back, tint = white, black, 36
	}
	readable := func(ground Colour) Colour {
		return ground.until(g.Paper, func(x Colour) bool { return Contrast(g.Ink, x) >= Least && Contrast(g.Soft, x) >= Least })
	}
	s.Tint = readable(g.Sheet.toward(c, tint))
	s.Far, s.Mid, s.Near = readable(g.Paper.toward(c, 12)), readable(g.Paper.toward(c, 22)), readable(g.Paper.toward(c, 34))
	s.Accent = c.until(away, func(x Colour) bool {
		return Contrast(x, g.Paper) >= Least && Contrast(x, g.Sheet) >= Least && Contrast(x, s.Tint) >= Least
	})
	s.Changed = s.Accent != c
	s.Pressed = s.Accent.toward(away, 64)
	on := func(x Colour) bool { return Contrast(x, s.Accent) >= Least && Contrast(x, s.Pressed) >= Least }
	// A little of the colour in it, where that is readable.
	s.On = back.toward(s.Accent, 20).until(back, on)
	s.OnSoft = back.toward(s.Accent, 44).until(back, on)
	if back == white {
		s.On = white
	}
	return s
}
