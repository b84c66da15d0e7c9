package api

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/workbook"
)

// WriteExtractJSON writes an extract for programs, as the interface answers it.
func WriteExtractJSON(w io.Writer, x rights.Extract, consents []rights.Given) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(extractOf(x, consents)); err != nil {
		return fmt.Errorf("write extract: %w", err)
	}
	return nil
}

// WriteExtractCSV writes it as rows of section, field, value, time and node.
func WriteExtractCSV(w io.Writer, x rights.Extract, consents []rights.Given) error {
	return extractOf(x, consents).CSV(w)
}

// WriteExtractXLSX writes the same rows as a workbook.
func WriteExtractXLSX(w io.Writer, x rights.Extract, consents []rights.Given) error {
	return extractOf(x, consents).XLSX(w)
}

// CSV writes the extract as comma-separated values that no spreadsheet takes for
// formulas.
func (x SubjectExtract) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	for _, row := range x.rows() {
		for i, s := range row {
			row[i] = workbook.Inert(s)
		}
		_ = out.Write(row) // Error tells
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write extract: %w", err)
	}
	return nil
}

// XLSX writes the extract as a workbook.
func (x SubjectExtract) XLSX(w io.Writer) error {
	return workbook.Write(w, workbook.Table{Name: "Extract", Rows: x.rows()})
}

func (x SubjectExtract) rows() [][]string {
	var out [][]string
	row := func(cells ...string) { out = append(out, cells) }
	row("section", "field", "value", "at", "node")
	row("visit", "visit", x.Visit.String(), "", "")
	p := x.Particulars
	row("particulars", "status", string(p.Status), "", "")
	for _, f := range []struct {
		name string
		text *Text
	}{
		{"name", p.Name},
		{"company", p.Company},
		{"host", p.Host},
		{"email", p.Email},
		{"phone", p.Phone},
		{"purpose", p.Purpose},
		{"assist", p.Assist},
	} {
		if f.text != nil {
			row("particulars", f.name, f.text.Reveal(), "", "")
		}
	}
	if len(p.Photo) > 0 {
		// Longer than a cell may be, in parts.
		text := base64.StdEncoding.EncodeToString(p.Photo)
		for n := 1; text != ""; n++ {
			part := text[:min(len(text), 16000)]
			row("particulars", fmt.Sprintf("photo (JPEG in Base64, part %d)", n), part, rfc(p.PhotoAt), "")
			text = text[len(part):]
		}
	}
	for _, s := range p.Signed {
		name := ""
		if s.Name != nil {
			name = s.Name.Reveal()
		}
		row("particulars", "signed", s.Document+" "+s.Version+" "+s.Hash+" "+name, rfc(s.At), s.How)
	}
	for _, c := range p.Consents {
		row("consents", c.Purpose, fmt.Sprintf("version %d %s", c.Version, c.Hash), rfc(c.At), c.How)
		if !c.WithdrawnAt.IsZero() {
			row("consents", c.Purpose, "withdrawn", rfc(c.WithdrawnAt), "")
		}
	}
	for _, e := range x.Events {
		row("events", e.Event, strings.TrimSpace(string(e.Entrance)+" "+e.Note), rfc(e.At), e.Node)
	}
	for _, r := range x.Reasons {
		source := ""
		if r.Source != nil {
			source = *r.Source
		}
		row("reasons", r.Datum, r.Purpose+"; "+r.LegalBasis+"; "+source, rfc(r.At), "")
	}
	for _, r := range x.Recipients {
		row("recipients", r.Recipient, r.What, rfc(r.At), r.Node)
	}
	for _, k := range x.Kept {
		what := "held"
		if k.Document != nil {
			what = *k.Document
		}
		why := "until " + k.Until
		if k.Reason != nil {
			why += "; " + *k.Reason
		}
		row("kept", what, why, "", "")
		for _, f := range []struct {
			name string
			text *Text
		}{{"name", k.Name}, {"company", k.Company}, {"host", k.Host}, {"email", k.Email}, {"phone", k.Phone}, {"purpose", k.Purpose}} {
			if f.text != nil {
				row("kept", f.name, f.text.Reveal(), "", "")
			}
		}
		for _, s := range k.Signed {
			row("kept", "signed", s.Document+" "+s.Version+" "+s.Hash, rfc(s.At), s.How)
		}
		for _, e := range k.Events {
			row("kept", e.Event, string(e.Entrance), rfc(e.At), e.Node)
		}
	}
	for _, n := range x.Nodes {
		row("nodes", "answered", fmt.Sprint(n.Answered), rfc(n.CompleteAsOf), n.Node)
	}
	return out
}

func rfc(s Stamp) string {
	if s.IsZero() {
		return ""
	}
	return s.UTC().Format(time.RFC3339)
}
