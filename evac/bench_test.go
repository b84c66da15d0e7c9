package evac_test

import (
	"fmt"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

func crowd(n uint32) *house {
	h := newHouse()
	for i := range byte(20) {
		h.entrances = append(h.entrances, evac.Entrance{Node: node(i), Name: fmt.Sprintf("Ingång %d", i), CompleteAsOf: at, LastHeard: at, Here: i == 0})
	}
	for i := range n {
		p := presentAt(i, byte(i%20), record.ZoneID(fmt.Sprintf("Plan %d", i%40)), record.HLCOf(at)+record.HLC(i))
		h.open = append(h.open, p)
		h.cards[p.Visit] = record.Card{
			Name: record.Private(fmt.Sprintf("Åsa-Lena Öberg %d", i*7919%n)), Company: "Ekström & Söner AB", Host: "Karin Lindqvist",
		}
	}
	return h
}

func BenchmarkMuster10000(b *testing.B) {
	h := crowd(10_000)
	s, _ := muster(b, h)
	b.Run("compute", func(b *testing.B) {
		for b.Loop() {
			if l, err := s.Muster(""); err != nil || len(l.People) != 10_000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		l, err := s.Muster("")
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := l.JSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			if w := get(b, s, "/warden"); w.Code != 200 {
				b.Fatal(w.Code)
			}
		}
	})
}
