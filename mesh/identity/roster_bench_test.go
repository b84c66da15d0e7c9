package identity

import (
	"fmt"
	"testing"
)

func benchCampus(b *testing.B, members int) *campus {
	c := newCampus(b)
	var raws [][]byte
	for i := range members {
		raws = append(raws, c.cert(c.first, newKey(b).Public(), fmt.Sprintf("node %d", i), 10))
	}
	if _, err := c.roster.Merge(raws); err != nil {
		b.Fatal(err)
	}
	return c
}

func BenchmarkAdmitted(b *testing.B) {
	c := benchCampus(b, 1000)
	for b.Loop() {
		if !c.roster.Admitted(c.first.Public()) {
			b.Fatal("not admitted")
		}
	}
}

func BenchmarkAddToThousand(b *testing.B) {
	c := benchCampus(b, 1000)
	k, serial := newKey(b), uint64(10)
	for b.Loop() {
		serial++
		c.add(c.cert(c.first, k.Public(), "east", serial))
	}
}
