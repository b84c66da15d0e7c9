package demo

import (
	"math/rand/v2"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/visits"
)

// Invented people. Any likeness is chance.
var (
	givenNames = strings.Fields(`Astrid Björn Cecilia Dag Ebba Fredrik Greta Hjalmar Ingrid Joakim Karin Lars-Erik
		Maja Nils Olivia Pontus Rakel Sixten Tove Ulrika Viggo Wilma Yngve Åsa Örjan Aisha Mateusz Priya Yuki Chidi
		Fatima João Søren Aino Niamh Xiulan Tomás Zeynep Amara Kwame`)
	familyNames = strings.Fields(`Ekdahl Lindvall Öberg Sandgren Wikblad Hägg Nyqvist Åström Bergfalk Tunander Svahn
		Mårdh Rosengrip Forsell Hallin Brännlund Kjellin Dahlbom Lönnrot Strid Okonkwo Nowicki Raman Tanaka Haddad
		Carvalho Kjærgaard Virtala Brennan Demirel Mensah Alvarado Petrov Duarte`)
	companies = strings.Split(`Nordvik Hiss AB|Brobyggarna i Väst|Fjärdlund Konsult|Kvarnby Ventilation|Ljungholm Arkitekter|`+
		`Tre Tallar Catering|Måsskär Marin|Elverket Sydväst|Halcyon Instruments|Baltic Freight OÜ|Kestrel Robotics|`+
		`Aldgate Audit LLP|Sakura Optics|Vento Energia|Grönlid Städ|Skoglund & Döttrar`, "|")
	hosts = strings.Split(`Agneta Rydh|Mikael Sundhage|Parisa Amiri|Henrik Vallgren|Driftledningen|Labbet, plan 3|`+
		`Elsa Tornell|Godsmottagningen|Samir Lindqvist|HR`, "|")
	needs = strings.Split(`Rullstol|Hör inte larmet|Crutches: no stairs|Guide dog`, "|")
)

// people makes up visitors. Not safe for concurrent use.
type people struct{ rng *rand.Rand }

func newPeople(seed uint64) *people {
	return &people{rand.New(rand.NewPCG(seed, 0x75707072))}
}

// next is one more visitor.
func (p *people) next() visits.Arrival {
	a := visits.Arrival{
		Name:    record.Private(pick(p.rng, givenNames) + " " + pick(p.rng, familyNames)),
		Company: record.Private(pick(p.rng, companies)),
		Host:    record.Private(pick(p.rng, hosts)),
		Type:    "visitor", Lang: "sv", How: "kiosk",
	}
	switch p.rng.IntN(14) {
	case 0:
		a.Assist = record.Private(pick(p.rng, needs))
	case 1, 2, 3:
		a.Lang = "en"
	}
	return a
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }
