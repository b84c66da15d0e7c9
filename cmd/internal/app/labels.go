package app

import (
	"bytes"
	"image"
	"time"

	"github.com/upprop/upprop/evac/paper"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/node/photos"
	"github.com/upprop/upprop/node/printer"
)

// printBadges has badges printed on this node's label printers. What cannot be
// is told in the log, where no name stands, and by doctor.
func (a *App) printBadges(faces []badge.Face, words func(string) string) bool {
	s, _ := a.node.Labels().Settings()
	if len(s.Printers) == 0 {
		return false
	}
	var out []printer.Label
	logo := a.flatLogo()
	for _, f := range faces {
		w := f.Words(words, time.Local)
		if !f.NoCampus {
			w.Logo = logo
		}
		if len(f.Photo) > 0 {
			if m, err := photos.Decode(f.Photo); err == nil {
				w.Photo = m
			}
		}
		l, err := drawLabel(w, s)
		if err != nil {
			a.log.Error("a badge could not be drawn for the label printer", "err", err)
			return false
		}
		out = append(out, l)
	}
	if err := a.node.Labels().Put(out...); err != nil {
		a.log.Warn("a badge was not given to the label printer", "err", err)
		return false
	}
	return true
}

// flatLogo is the house's logo for labels; nil for none.
func (a *App) flatLogo() image.Image {
	if m := a.node.Look().Now().Logo.Flat(); m != nil {
		return m
	}
	return nil
}

func drawLabel(w badge.Words, s printer.LabelSettings) (printer.Label, error) {
	p, err := badge.Draw(w, badge.Size{Width: s.Width, Height: s.Height, DPI: s.DPI})
	if err != nil {
		return printer.Label{}, err
	}
	var pdf bytes.Buffer
	if err := paper.Picture(&pdf, p, s.Width, s.Height); err != nil {
		return printer.Label{}, err
	}
	return printer.Label{ZPL: badge.ZPL(p), PDF: pdf.Bytes()}, nil
}

// sampleLabel is a badge of nobody.
func (a *App) sampleLabel(s printer.LabelSettings) (printer.Label, error) {
	at := a.place()
	return drawLabel(badge.Words{
		Logo: a.flatLogo(), Kind: "TEST", Campus: at.campus, Name: "Åsa Öberg", Company: at.name, Host: at.site,
		Since: a.now().Local().Format(time.DateTime), Code: "TEST-TEST", QR: "upprop test " + a.now().UTC().Format(time.RFC3339),
	}, s)
}
