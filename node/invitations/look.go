package invitations

import (
	"fmt"
	"html"
	"strings"
)

// Look is how a mail looks: the house's logo, a PNG of so many pixels, and its colour
// as it can be read on white. Empty for none.
type Look struct {
	Logo          []byte
	Width, Height int
	Colour        string
}

// highest is how high a logo is in a mail at most, in pixels.
const highest = 64

// on puts it on top of a mail, with a line in the colour.
func (l Look) on(page, campus string) string {
	const body = "line-height:1.5\">"
	at := strings.Index(page, body)
	if at < 0 || l.Logo == nil && l.Colour == "" {
		return page
	}
	at += len(body)
	top := ""
	if l.Logo != nil && l.Height > 0 {
		w, h := l.Width, l.Height
		if h > highest {
			w, h = w*highest/h, highest
		}
		top = fmt.Sprintf(`<p><img src="cid:logo" width="%d" height="%d" alt="%s"></p>`, w, h, html.EscapeString(campus))
	}
	if l.Colour != "" {
		top += fmt.Sprintf(`<div style="border-top:4px solid %s"></div>`, html.EscapeString(l.Colour))
	}
	return page[:at] + top + page[at:]
}
