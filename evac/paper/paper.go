// Package paper puts muster lists, the page for the fire service and reports
// on A4 pages, as PDF in black and white. It decides nothing: who is on a
// paper and under which heading, package evac says. It owns the PDF library.
//
// Invariant: everybody on a list is on its paper, and every page says how old
// it is, how sure, and whether it is real. Whatever is in a name, a page comes
// out; a letter that cannot be printed shows as one that cannot.
package paper

import (
	"embed"
	"fmt"
	"io"
	"io/fs"

	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
)

//go:embed words/*.toml
var files embed.FS

// Words is the catalog of the papers, beside those of evac.
func Words() fs.FS {
	f, err := fs.Sub(files, "words")
	if err != nil {
		panic(err) // the folder is there at compile time
	}
	return f
}

// Head is what stands on a paper besides the list or the report.
type Head = evac.Head

// Printer makes papers. It is safe for concurrent use and keeps nothing of
// what it is given.
type Printer struct {
	words *lang.Catalog
	// plain leaves pages uncompressed, for tests to read.
	plain bool
}

var _ evac.Paper = (*Printer)(nil)

// New makes a printer.
func New() (*Printer, error) {
	words, err := lang.Load(evac.Words(), Words())
	if err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	return &Printer{words: words}, nil
}

// List writes everybody on a list, with a box to tick for each. l is in the
// order of the list, and under the headings of the screen.
func (p *Printer) List(w io.Writer, l evac.List, h Head) error {
	s := p.sheet(h, "paper.list", l.AsOf)
	s.heads(l)
	s.list(l)
	return s.write(w)
}

// HandOver writes one page for the fire service; of those not accounted for,
// whom evac.List.HandedOver names, and how many more there are.
func (p *Printer) HandOver(w io.Writer, l evac.List, h Head) error {
	s := p.sheet(h, "paper.handover", l.AsOf)
	s.heads(l)
	s.handOver(l)
	return s.write(w)
}

// Report writes the report of an evacuation or a drill, which names nobody.
func (p *Printer) Report(w io.Writer, r evac.Report, h Head) error {
	title := "paper.report"
	if r.Evacuation.Drill {
		title = "paper.report_drill"
	}
	s := p.sheet(h, title, r.AsOf)
	s.report(r)
	return s.write(w)
}
