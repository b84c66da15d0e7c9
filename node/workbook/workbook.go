// Package workbook writes tables for spreadsheets: XLSX, with every cell a text
// that no program takes for a formula. It knows nothing of what is in them, and
// owns the library that writes them.
//
// Invariant: what is handed in as text comes out as text.
package workbook

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Table is one sheet: a name of 31 characters at most without []:*?/\, and rows,
// the first of which is the heading.
type Table struct {
	Name string
	Rows [][]string
}

// widest bounds the width of a column, in characters.
const widest = 60

// Write writes tables as one workbook. Each is streamed row by row.
func Write(w io.Writer, tables ...Table) (err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("write sheet: %w", e)
		}
	}()
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	for i, t := range tables {
		if i == 0 {
			err = f.SetSheetName("Sheet1", t.Name)
		} else {
			_, err = f.NewSheet(t.Name)
		}
		if err != nil {
			return fmt.Errorf("write sheet %d: %w", i, err)
		}
		if err := write(f, t, bold); err != nil {
			return fmt.Errorf("write sheet %d: %w", i, err)
		}
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}

func write(f *excelize.File, t Table, bold int) error {
	s, err := f.NewStreamWriter(t.Name)
	if err != nil {
		return err
	}
	for c, width := range widths(t.Rows) {
		if err := s.SetColWidth(c+1, c+1, float64(width)); err != nil {
			return err
		}
	}
	for r, row := range t.Rows {
		cells := make([]any, len(row))
		for c, text := range row {
			cells[c] = excelize.Cell{Value: Inert(text)}
			if r == 0 {
				cells[c] = excelize.Cell{Value: Inert(text), StyleID: bold}
			}
		}
		at, err := excelize.CoordinatesToCellName(1, r+1)
		if err != nil {
			return err
		}
		if err := s.SetRow(at, cells); err != nil {
			return err
		}
	}
	return s.Flush()
}

// widths are how wide columns are, by their longest text.
func widths(rows [][]string) (out []int) {
	for _, row := range rows {
		for c, text := range row {
			if c == len(out) {
				out = append(out, 8)
			}
			out[c] = min(max(out[c], len([]rune(text))+2), widest)
		}
	}
	return out
}

// Inert is a text that no spreadsheet takes for a formula, also once it has been
// saved as comma-separated values.
func Inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
