package points

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// LatLon is a position in WGS 84, in degrees.
type LatLon struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// ParseLatLon reads "57.70690,11.93780": decimal degrees, latitude first.
// Errors: *Problem.
func ParseLatLon(s string) (LatLon, error) {
	lat, lon, ok := strings.Cut(s, ",")
	p := LatLon{number(lat), number(lon)}
	if !ok || !p.valid() {
		return LatLon{}, &Problem{Key: "points.at", Hint: "that is no position: write latitude and longitude in decimal degrees with a comma between them, like 57.70690,11.93780"}
	}
	return p, nil
}

func number(s string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

func (p LatLon) valid() bool {
	return math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180 // false for what is no number
}

// String is what ParseLatLon reads, to 10 cm.
func (p LatLon) String() string { return fmt.Sprintf("%.6f,%.6f", p.Lat, p.Lon) }

const earth = 6_371_000 // metres

// Way is how far it is from p to q in metres, and in which direction in
// degrees from north, clockwise. Good for a campus, not for a voyage.
func (p LatLon) Way(q LatLon) (metres, degrees float64) {
	north := (q.Lat - p.Lat) * math.Pi / 180
	east := (q.Lon - p.Lon) * math.Pi / 180 * math.Cos((p.Lat+q.Lat)/2*math.Pi/180)
	degrees = math.Mod(math.Atan2(east, north)*180/math.Pi+360, 360)
	return earth * math.Hypot(north, east), degrees
}
