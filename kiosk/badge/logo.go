package badge

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// logo draws a logo at the end of a box, on white, as large as fits, in two colours:
// what is nearer to its darkest than to white is black. It reports whether there was
// room for it.
func (p *pen) logo(m image.Image, box image.Rectangle) bool {
	edge := max(box.Dy()/12, 1)
	size, room := m.Bounds().Size(), box.Size().Sub(image.Pt(2*edge, 2*edge))
	if room.X < room.Y || room.Y < 8 || size.X == 0 || size.Y == 0 {
		return false
	}
	scale := min(float64(room.X)/float64(size.X), float64(room.Y)/float64(size.Y))
	w, h := max(int(float64(size.X)*scale), 1), max(int(float64(size.Y)*scale), 1)
	small := image.NewGray(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(small, small.Bounds(), m, m.Bounds(), draw.Src, nil)
	darkest := byte(255)
	for _, v := range small.Pix {
		darkest = min(darkest, v)
	}
	middle := darkest/2 + 127
	plate := image.Rect(box.Max.X-w-2*edge, box.Min.Y, box.Max.X, box.Max.Y)
	draw.Draw(p.on, plate, image.White, image.Point{}, draw.Src)
	at := image.Pt(plate.Min.X+edge, plate.Min.Y+(plate.Dy()-h)/2)
	for y := range h {
		for x := range w {
			if small.GrayAt(x, y).Y < middle {
				p.on.SetGray(at.X+x, at.Y+y, color.Gray{})
			}
		}
	}
	return true
}
