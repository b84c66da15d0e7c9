package api

import (
	"errors"
	"net/http"

	"github.com/upprop/upprop/node/printer"
)

// Printer is where this node prints the list by itself, and how that went.
type Printer struct {
	// Printer is empty where nothing is printed.
	Printer      string `json:"printer"`
	EveryMinutes int    `json:"every_minutes"`
	Lang         string `json:"lang"`
	Drills       bool   `json:"drills"`
	PrintedAt    Stamp  `json:"printed_at"`
	FailedSince  Stamp  `json:"failed_since"`
	// Why is why it fails; empty where it does not.
	Why string `json:"why"`
}

// PrinterSet is the request to print the list by itself.
type PrinterSet struct {
	Printer      string `json:"printer"`
	EveryMinutes int    `json:"every_minutes,omitempty"`
	Lang         string `json:"lang,omitempty"`
	Drills       bool   `json:"drills,omitempty"`
}

func (a *API) showPrinter(*http.Request) (any, error) {
	s, st := a.cfg.Node.Printer().Settings()
	return Printer{s.Printer, s.EveryMinutes, s.Lang, s.Drills, Stamp{st.Printed}, Stamp{st.Failed}, st.Why}, nil
}

func (a *API) setPrinter(r *http.Request) (any, error) {
	var in PrinterSet
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Lang == "" {
		in.Lang = "sv"
	}
	if err := a.cfg.Node.Printer().Set("", printer.Settings(in)); err != nil {
		return nil, err
	}
	return a.showPrinter(r)
}

func (a *API) removePrinter(r *http.Request) (any, error) {
	if err := a.cfg.Node.Printer().Remove(""); err != nil {
		return nil, err
	}
	return a.showPrinter(r)
}

func (a *API) testPrinter(r *http.Request) (any, error) {
	if err := a.cfg.Node.Printer().Print(r.Context()); err != nil {
		return nil, err
	}
	return a.showPrinter(r)
}

// aboutPrinter is what the printer refuses.
func aboutPrinter(err error) *Error {
	var p *printer.Problem
	if !errors.As(err, &p) {
		return nil
	}
	status := http.StatusUnprocessableEntity
	switch p.Key {
	case "printer.none", "label.none":
		status = http.StatusConflict
	case "printer.failed", "label.failed":
		status = http.StatusBadGateway
	}
	e := sentence(status, p.Hint)
	e.Key = p.Key
	return e
}
