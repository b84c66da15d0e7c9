package workbook

import (
	"bytes"
	"testing"

	"github.com/xuri/excelize/v2"
)

// What is written is read back by the library as text, whatever it looks like.
func TestTextsStayTexts(t *testing.T) {
	rows := [][]string{
		{"field", "value"},
		{"name", "=HYPERLINK(\"http://evil\")"},
		{"phone", "+46 70 123"},
		{"code", "0012"},
		{"name", "Åsa <b>&\"' Öberg"},
		{"mail", "@x"},
	}
	var b bytes.Buffer
	if err := Write(&b, Table{"Extract", rows}, Table{"Second", rows[:1]}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if got := f.GetSheetList(); len(got) != 2 || got[0] != "Extract" || got[1] != "Second" {
		t.Fatal(got)
	}
	got, err := f.GetRows("Extract")
	if err != nil || len(got) != len(rows) {
		t.Fatal(got, err)
	}
	for r, row := range rows {
		for c, text := range row {
			if got[r][c] != Inert(text) {
				t.Errorf("%q came out as %q", text, got[r][c])
			}
			at, _ := excelize.CoordinatesToCellName(c+1, r+1)
			if formula, err := f.GetCellFormula("Extract", at); err != nil || formula != "" {
				t.Errorf("%q is a formula: %q %v", text, formula, err)
			}
			if kind, err := f.GetCellType("Extract", at); err != nil || kind == excelize.CellTypeNumber || kind == excelize.CellTypeFormula {
				t.Errorf("%q is of type %v, %v", text, kind, err)
			}
		}
	}
	if Inert("-1") != "'-1" || Inert("a=b") != "a=b" || Inert("") != "" {
		t.Error("not inert")
	}
}
