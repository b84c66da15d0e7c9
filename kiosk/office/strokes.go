package office

import (
	"strings"
	"time"

	"github.com/upprop/upprop/node/visits"
)

func millis(ms int64) time.Time { return time.UnixMilli(ms) }

// path is a drawn signature as the path of an SVG; empty for what is none.
func path(strokes string) string {
	if strokes == "" || !visits.Strokes(strokes) {
		return ""
	}
	var b strings.Builder
	for _, stroke := range strings.Split(strokes, ";") {
		points := strings.Split(stroke, " ")
		_, _ = b.WriteString("M" + points[0])
		for _, p := range append(points[1:], points[len(points)-1]) {
			_, _ = b.WriteString("L" + p)
		}
	}
	return b.String()
}
