package badge

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/skip2/go-qrcode"
)

// SVG draws a payload as one crisp path, black on white whatever the theme,
// with the quiet zone of four modules that readers need. label is its text
// for who cannot see it.
func SVG(payload, label string) (template.HTML, error) {
	code, err := qrcode.New(payload, qrcode.Medium)
	if err != nil {
		// The library's errors may quote the payload.
		return "", fmt.Errorf("draw QR of %d characters: the payload does not fit", len(payload))
	}
	code.DisableBorder = true
	const quiet = 4
	rows := code.Bitmap()
	size := len(rows) + 2*quiet
	var path strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); {
			n := 0
			for x+n < len(row) && row[x+n] {
				n++
			}
			if n > 0 {
				path.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) +
					"h" + strconv.Itoa(n) + "v1h-" + strconv.Itoa(n) + "z")
			}
			x += max(n, 1)
		}
	}
	return template.HTML(fmt.Sprintf(
		`<svg class="qr" role="img" aria-label="%s" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
			`<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		template.HTMLEscapeString(label), size, size, size, size, path.String(),
	)), nil
}
