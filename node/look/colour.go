package look

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Colour is one in sRGB.
type Colour struct{ R, G, B uint8 }

// ParseColour reads "#0b4f8a", or "#06c" for "#0066cc".
func ParseColour(s string) (Colour, bool) {
	digits, ok := strings.CutPrefix(s, "#")
	if !ok {
		return Colour{}, false
	}
	if len(digits) == 3 {
		digits = digits[:1] + digits[:1] + digits[1:2] + digits[1:2] + digits[2:] + digits[2:]
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 6 || digits[0] == '+' {
		return Colour{}, false
	}
	return Colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// must is for colours that the program is made with.
func must(s string) Colour {
	c, ok := ParseColour(s)
	if !ok {
		panic("no colour: " + s)
	}
	return c
}

// Luminance is how bright a colour is, from 0 to 1 (WCAG 2.2).
func (c Colour) Luminance() float64 {
	line := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*line(c.R) + 0.7152*line(c.G) + 0.0722*line(c.B)
}

// Contrast is how well one colour is read on another, from 1 to 21 (WCAG 2.2).
func Contrast(a, b Colour) float64 {
	x, y := a.Luminance(), b.Luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// toward is a colour, by so many of 255 parts another.
func (c Colour) toward(to Colour, part int) Colour {
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(255-part) + int(b)*part + 127) / 255) }
	return Colour{mix(c.R, to.R), mix(c.G, to.G), mix(c.B, to.B)}
}

// until is the first colour on the way to another that is good enough; that
// other where none before it is.
func (c Colour) until(to Colour, good func(Colour) bool) Colour {
	for part := range 255 {
		if x := c.toward(to, part); good(x) {
			return x
		}
	}
	return to
}
