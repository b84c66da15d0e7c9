package node

import (
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

func TestWhatIsPulledFirst(t *testing.T) {
	today, err := record.ParseDay("20261122")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"campus/2026", "acts/20261120/0/North", "day/20261122/0/North", "sealed/20261122/0/North",
		"day/20261121/0/North", "sealed/20261121/0/North", "of/a/newer/release",
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	rank := priority(today)
	slices.SortFunc(got, func(a, b string) int { return rank(a) - rank(b) })
	if !slices.Equal(got, want) {
		t.Fatal(got)
	}
}
