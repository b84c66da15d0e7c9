package badge

import (
	"fmt"
	"image"
	"strings"
)

// ZPL is a label for printers that speak Zebra's language: one picture
// (`^GFA`, Zebra Programming Guide), its rows in hexadecimal with runs
// shortened. Only a picture is sent, so that a name looks alike on every
// printer, whatever fonts it has, and no name can be a command.
func ZPL(p *image.Paletted) []byte {
	width, height := p.Bounds().Dx(), p.Bounds().Dy()
	row := (width + 7) / 8
	var b strings.Builder
	fmt.Fprintf(&b, "^XA^PW%d^LL%d^LH0,0^FO0,0^GFA,%d,%d,%d,", width, height, row*height, row*height, row)
	before := ""
	for y := range height {
		var digits strings.Builder
		for x := 0; x < row*8; x += 4 {
			n := 0
			for bit := range 4 {
				n <<= 1
				if x+bit < width && p.Pix[y*p.Stride+x+bit] != 0 {
					n |= 1
				}
			}
			digits.WriteByte("0123456789ABCDEF"[n])
		}
		if digits.String() == before {
			b.WriteByte(':')
			continue
		}
		before = digits.String()
		shorten(&b, before)
	}
	b.WriteString("^FS^PQ1^XZ\n")
	return []byte(b.String())
}

// shorten writes a row of hexadecimal digits with a count before each run: G to Y for 1 to
// 19, g to z for 20 to 400 in twenties; a rest of zeros is a comma, of ones an
// exclamation mark.
func shorten(b *strings.Builder, row string) {
	for len(row) > 0 {
		d := row[0]
		n := len(row) - len(strings.TrimLeft(row, row[:1]))
		if n == len(row) && d == '0' {
			b.WriteByte(',')
			return
		}
		if n == len(row) && d == 'F' {
			b.WriteByte('!')
			return
		}
		row = row[n:]
		for n > 0 {
			some := min(n, 419)
			n -= some
			if some >= 20 {
				b.WriteByte('g' + byte(some/20-1))
			}
			if rest := some % 20; rest > 1 || rest == 1 && some > 1 {
				b.WriteByte('G' + byte(rest-1))
			}
			b.WriteByte(d)
		}
	}
}
