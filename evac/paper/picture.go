package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"

	"codeberg.org/go-pdf/fpdf"
)

// Picture writes one page of the size of a label, in millimetres, that is all
// picture.
func Picture(w io.Writer, p image.Image, width, height int) error {
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		return fmt.Errorf("encode picture: %w", err)
	}
	size := fpdf.SizeType{Wd: float64(width), Ht: float64(height)}
	// The library turns a page whose width is the longer side only when told so.
	way := "P"
	if width > height {
		way = "L"
	}
	f := fpdf.NewCustom(&fpdf.InitType{OrientationStr: way, UnitStr: "mm", Size: fpdf.SizeType{Wd: min(size.Wd, size.Ht), Ht: max(size.Wd, size.Ht)}})
	f.SetProducer("Upprop", true)
	f.SetMargins(0, 0, 0)
	f.SetAutoPageBreak(false, 0)
	f.AddPage()
	o := fpdf.ImageOptions{ImageType: "PNG"}
	f.RegisterImageOptionsReader("picture", o, &b)
	f.ImageOptions("picture", 0, 0, size.Wd, size.Ht, false, o, 0, "")
	if err := f.Output(w); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}
