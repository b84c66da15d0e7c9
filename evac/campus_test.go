package evac_test

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

// campus is a house as a warden may meet it: 23 people, two entrances that are
// not up to date, doubt, help needed and a name that does not open.
func campus() *house {
	h := newHouse()
	h.hear(
		evac.Entrance{Node: node(1), Name: "Huvudentrén", Site: "Norra", Role: "entrance", CompleteAsOf: at.Add(-time.Second), LastHeard: at.Add(-time.Second)},
		evac.Entrance{Node: node(2), Name: "Östra grinden", Site: "Norra", Role: "entrance", CompleteAsOf: at.Add(-13 * time.Minute), LastHeard: at.Add(-13*time.Minute + 2*time.Second)},
		evac.Entrance{Node: node(3), Name: "Receptionen", Site: "Norra", Role: "desk", CompleteAsOf: at.Add(-2 * time.Second), LastHeard: at},
		evac.Entrance{Node: node(4), Name: "Handenhet 2", Site: "Norra", Role: "warden", Here: true, CompleteAsOf: at},
		evac.Entrance{Node: node(5), Name: "Lastkajen", Site: "Norra", Role: "entrance", CompleteAsOf: at.Add(-31 * time.Second), LastHeard: at.Add(-time.Second)},
	)
	people := []struct {
		name, company, host, assist string
		zone                        record.ZoneID
		by                          byte
	}{
		{"Anna-Lena Öberg", "Ekström & Söner AB", "Karin Lindqvist", "", "Plan 3", 1},
		{"Åke Bengtsson", "", "Ali Rezaei", "", "Plan 3", 1},
		{"Zainab Yusuf", "Region Väst", "Karin Lindqvist", "", "Plan 3", 3},
		{"Maximilian von Hohenlohe-Waldenburg-Schillingsfürst", "Institutet för sällsynta jordartsmetaller", "Konferensgruppen", "", "Plan 3", 1},
		{"Örjan Nyström", "Hisservice Norden", "Fastighet", "", "Plan 10", 2},
		{"Maja Ek", "", "", "", "Plan 10", 1},
		{"Tove Dahl", "Chalmers", "Per Holm", "Rullstol, kan inte gå i trappor", "Plan 10", 1},
		{"Li Wei", "Volvo", "Per Holm", "", "Plan 10", 1},
		{"Sven Å", "Posten", "Godsmottagning", "", "Lastzon", 5},
		{"Ines Duarte", "DHL", "Godsmottagning", "", "Lastzon", 5},
		{"Bo Falk", "", "Karin Lindqvist", "Hör inte larmet", "Plan 3", 2},
		{"Eva Grahn", "SKF", "Ali Rezaei", "", "Plan 2", 1},
		{"Nils Grahn", "SKF", "Ali Rezaei", "", "Plan 2", 1},
		{"Olof Hall", "SKF", "Ali Rezaei", "", "Plan 2", 1},
		{"Pia Iversen", "SKF", "Ali Rezaei", "", "Plan 2", 3},
		{"Rut Jansson", "SKF", "Ali Rezaei", "", "Plan 2", 3},
		{"Saga Kvist", "", "", "", "Plan 2", 1},
		{"Tor Lind", "", "", "", "Plan 2", 1},
		{"Ulla Mård", "Kommunen", "Per Holm", "", "Plan 2", 1},
		{"Vera Norén", "Kommunen", "Per Holm", "", "Plan 2", 1},
	}
	for i, c := range people {
		p := presentAt(uint32(i), c.by, c.zone, record.HLCOf(at.Add(-time.Duration(20+7*i)*time.Minute)))
		p.Seen.Place.Site = "Norra"
		if c.name == "Maja Ek" {
			p.State = record.Timed
		}
		if c.name == "Tor Lind" {
			p.Doubtful = true
		}
		h.add(p, &record.Card{Name: record.Private(c.name), Company: record.Private(c.company), Host: record.Private(c.host), Assist: record.Private(c.assist)})
	}
	for i := uint32(50); i < 54; i++ {
		p := presentAt(i, 1, "Plan 2", record.HLCOf(at.Add(-time.Hour)))
		p.Seen.Place.Site = "Norra"
		if i == 53 {
			p.State = record.Unknown
		}
		h.add(p, nil)
	}
	return h
}
