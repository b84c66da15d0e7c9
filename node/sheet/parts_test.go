package sheet_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// A file of several settings comes back as it was, and not at all where the settings
// hold more than it may have.
func TestAFileInParts(t *testing.T) {
	d := sheettest.New(t, "a")
	file := bytes.Repeat([]byte("0123456789abcdef"), shape.MaxSetting/16*3+5)
	parts := sheet.Parts("plan/x/", file)
	if len(parts) != 4 {
		t.Error(len(parts), "parts")
	}
	slices.Reverse(parts)
	if err := sheet.Write(t.Context(), d, parts...); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sheet.Whole(d, "plan/x/", len(file)), file) {
		t.Error("the file is another")
	}
	if got := sheet.Whole(d, "plan/x/", len(file)-1); got != nil {
		t.Error(len(got), "bytes of a file that is too large")
	}
}
