package kiosk

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"github.com/upprop/upprop/kiosk/webkit"
)

// The map of where people gather: drawn from where the points and the screen
// stand, so that nothing need be uploaded and every node draws the same. Its
// reader stands in the middle, and what is straight ahead is up.
const (
	// mapPoints is how many points are drawn, the nearest ones.
	mapPoints = 6
	// mapMiddle, mapReach and mapNear are in the drawing's own measure: where the
	// reader stands, how far out the farthest point is, and how near the nearest
	// may be without hiding the reader.
	mapMiddle, mapReach, mapNear = 110, 80, 30
)

// letter is what a point is called on the map and in the list beside it; empty
// for one that is not drawn. The steps of what to do have the numbers.
func letter(i int) string { return string(rune('A' + i)) }

// mapOf draws the muster points whose way is known; empty where none is.
func mapOf(r *webkit.Request, all []pointView) template.HTML {
	far, ring := 0, 0
	for _, p := range all {
		if p.Letter != "" {
			far = max(far, p.way.Metres)
		}
	}
	if far == 0 {
		return ""
	}
	for unit := 1; unit <= far; unit *= 10 {
		for _, n := range []int{1, 2, 5} {
			if n*unit*10 <= far*8 {
				ring = n * unit
			}
		}
	}
	var b strings.Builder
	north, up := false, r.Text("way.ahead", nil)
	for _, p := range all {
		north = north || p.NorthUp
	}
	if north {
		up = "N"
	}
	fmt.Fprintf(&b, `<svg class="evac-map" viewBox="0 0 %d %d" aria-hidden="true" focusable="false">`, 2*mapMiddle, 2*mapMiddle)
	if size := float64(mapReach*ring) / float64(far); size >= mapNear {
		fmt.Fprintf(&b, `<circle class="map-ring" cx="%d" cy="%d" r="%.1f"/><text class="map-word" x="%d" y="%.1f">%d m</text>`,
			mapMiddle, mapMiddle, size, mapMiddle, mapMiddle+size+4, ring)
	}
	fmt.Fprintf(&b, `<path class="map-up" d="M%d 27V15l-6 6m6-6 6 6"/><text class="map-word" x="%d" y="7">%s</text>`, mapMiddle, mapMiddle, html.EscapeString(up))
	you := `<path class="map-you" d="M110 97l10 22-10-6-10 6z"/>`
	if north {
		you = `<circle class="map-you" cx="110" cy="110" r="7"/>`
	}
	for _, p := range all {
		if p.Letter == "" {
			continue
		}
		turn := float64(p.way.Degrees) * math.Pi / 180
		out := max(mapNear, float64(mapReach*p.way.Metres)/float64(far))
		x, y := mapMiddle+out*math.Sin(turn), mapMiddle-out*math.Cos(turn)
		fmt.Fprintf(&b, `<path class="map-line" d="M%d %dL%.1f %.1f"/><circle class="map-point" cx="%.1f" cy="%.1f" r="12"/><text class="map-letter" x="%.1f" y="%.1f">%s</text>`,
			mapMiddle, mapMiddle, x, y, x, y, x, y, p.Letter)
	}
	fmt.Fprintf(&b, `%s</svg>`, you)
	return template.HTML(b.String())
}
