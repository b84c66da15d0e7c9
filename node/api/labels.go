package api

import (
	"cmp"
	"net/http"

	"github.com/upprop/upprop/node/printer"
)

// BadgePrinter is where this node prints badges, and how that goes.
type BadgePrinter struct {
	// Printers are tried in order; empty where no badge is printed by itself.
	Printers []string `json:"printers"`
	Width    int      `json:"width_mm"`
	Height   int      `json:"height_mm"`
	DPI      int      `json:"dpi"`
	// Waiting is how many badges wait; GivenUp how many nobody waits for any more.
	Waiting     int    `json:"waiting"`
	GivenUp     int    `json:"given_up"`
	PrintedAt   Stamp  `json:"printed_at"`
	PrintedBy   string `json:"printed_by"`
	FailedSince Stamp  `json:"failed_since"`
	// Why is why the first printer fails; empty where it does not.
	Why string `json:"why"`
}

// BadgePrinterSet is the request to print badges.
type BadgePrinterSet struct {
	Printers []string `json:"printers"`
	Width    int      `json:"width_mm,omitempty"`
	Height   int      `json:"height_mm,omitempty"`
	DPI      int      `json:"dpi,omitempty"`
}

// A label of Zebra's desktop printers.
const labelWidth, labelHeight, labelDPI = 76, 51, 203

func (a *API) showLabels(*http.Request) (any, error) {
	s, st := a.cfg.Node.Labels().Settings()
	if s.Printers == nil {
		s.Printers = []string{}
	}
	return BadgePrinter{
		Printers: s.Printers, Width: s.Width, Height: s.Height, DPI: s.DPI, Waiting: st.Waiting, GivenUp: st.Given,
		PrintedAt: Stamp{st.Printed}, PrintedBy: st.By, FailedSince: Stamp{st.Failed}, Why: st.Why,
	}, nil
}

func (a *API) setLabels(r *http.Request) (any, error) {
	var in BadgePrinterSet
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s := printer.LabelSettings{
		Printers: in.Printers, Width: cmp.Or(in.Width, labelWidth), Height: cmp.Or(in.Height, labelHeight), DPI: cmp.Or(in.DPI, labelDPI),
	}
	if err := a.cfg.Node.Labels().Set("", s); err != nil {
		return nil, err
	}
	return a.showLabels(r)
}

func (a *API) removeLabels(r *http.Request) (any, error) {
	if err := a.cfg.Node.Labels().Remove(""); err != nil {
		return nil, err
	}
	return a.showLabels(r)
}

func (a *API) testLabels(r *http.Request) (any, error) {
	if err := a.cfg.Node.Labels().Test(r.Context()); err != nil {
		return nil, err
	}
	return a.showLabels(r)
}
