package paper

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

// A text comes out on pages whole, each with whose copy it is.
func TestPlainText(t *testing.T) {
	p := printer(t)
	var text strings.Builder
	text.WriteString("REGISTER EXTRACT\nEkudden, visitor register\n\nWHEN AND WHERE\n")
	for i := range 120 {
		fmt.Fprintf(&text, "  2026-11-27 12:00:%02d  line number %d of those that are written here, Åsa Öberg\n", i%60, i)
	}
	text.WriteString("  " + strings.Repeat("a very long line that does not fit ", 12) + "END\n")
	var b bytes.Buffer
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	if err := p.Plain(&b, lang.Default, text.String(), "Handed out by operator x", at); err != nil {
		t.Fatal(err)
	}
	kept(t, "plain", b.Bytes())
	n := pagesOf(b.Bytes())
	if n < 3 || n > 5 {
		t.Error(n, "pages")
	}
	all := strings.Join(texts(b.Bytes()), "\n")
	for i := range 120 {
		if !strings.Contains(all, fmt.Sprintf("line number %d of", i)) {
			t.Errorf("line %d is missing", i)
		}
	}
	if !strings.Contains(all, "END") || !strings.Contains(all, "WHEN AND WHERE") || strings.Count(all, "Handed out by operator x") != n {
		t.Error("the end, a heading or whose copy it is is missing")
	}
	for line, want := range map[string]bool{"WHO HAS HAD IT": true, "  INDENTED": false, "Mixed": false, "": false, "2026-11-27": false, "VILKA NODER": true} {
		if heads(line) != want {
			t.Errorf("%q is a heading: %v", line, !want)
		}
	}
}
