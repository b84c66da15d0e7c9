package kiosk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk"
)

// TestTheMapShowsTheWay: every point whose way is known has a letter, on the map
// where it is seen from the door, and in the list.
func TestTheMapShowsTheWay(t *testing.T) {
	var a alarm
	k, _, _ := door(t, a.at)
	v := &visitor{t: t, k: k}
	page := func(e kiosk.Evacuation, l string) string {
		t.Helper()
		a.set(&e)
		v.get("/kiosk?lang=" + l)
		return v.text()
	}
	way := func(metres, degrees int) *kiosk.Way { return &kiosk.Way{Metres: metres, Degrees: degrees} }
	s := page(kiosk.Evacuation{Since: at, Points: []kiosk.Point{
		{Name: "Parkeringen", Way: way(100, 90)},
		{Name: "Hamntorget", Way: way(200, 180)},
		{Name: "Trapphus B", Refuge: true, Way: way(10, 0)},
		{Name: "Ladan"},
	}}, "sv")
	for _, want := range []string{
		`<circle class="map-point" cx="150.0" cy="110.0" r="12"/><text class="map-letter" x="150.0" y="110.0">A</text>`,
		`<circle class="map-point" cx="110.0" cy="190.0" r="12"/><text class="map-letter" x="110.0" y="190.0">B</text>`,
		`<span class="evac-letter">A</span> <bdi>Parkeringen</bdi>`, `<span class="evac-letter">B</span> <bdi>Hamntorget</bdi>`, `<strong><bdi>Ladan</bdi></strong>`,
		">100 m</text>", ">rakt fram</text>", "Du står i mitten. Uppåt är rakt framför dig.",
	} {
		if !strings.Contains(plain(s), want) {
			t.Errorf("no %s in %s", want, s)
		}
	}
	if strings.Count(s, "map-point") != 2 {
		t.Error("a refuge, or a point of which nobody has said where it is, is drawn")
	}
	if s := page(kiosk.Evacuation{Since: at, Points: []kiosk.Point{{Name: "Gräsplanen", Way: &kiosk.Way{Metres: 85, Degrees: 0, NorthUp: true}}}}, "en"); !strings.Contains(s, ">N</text>") || !strings.Contains(s, "Up is north.") {
		t.Error("it does not say that north is up:", s)
	}
	var many []kiosk.Point
	for i := range 9 {
		many = append(many, kiosk.Point{Name: fmt.Sprint("Plats ", i), Way: way(50+i, i*40)})
	}
	if s := page(kiosk.Evacuation{Since: at, Points: many}, "sv"); strings.Count(s, "map-point") != 6 || strings.Contains(s, `letter">G<`) {
		t.Error("the map is crowded")
	}
	for _, none := range [][]kiosk.Point{nil, {{Name: "Ladan"}}, {{Name: "Här", Way: way(0, 0)}}} {
		if s := page(kiosk.Evacuation{Since: at, Points: none}, "sv"); strings.Contains(s, "evac-map") {
			t.Errorf("a map of nothing: %v", none)
		}
	}
}
