package nodetest

import (
	"testing"
	"testing/synctest"
)

// TestDifferentThingsAreSaid: in two halves that are cut off from one another,
// of somebody both know and of somebody one has never heard of; in the end all
// agree, and no mark is lost.
func TestDifferentThingsAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 4)
		if _, err := c.arrive(c.Houses[1]); err != nil {
			t.Fatal(err)
		}
		// Bit 41 says of whom, the bits from 43 on what the second half says.
		for i := range uint64(6) {
			if did, err := c.markTwice(Step{A: int(i), X: i/3<<41 | i%3<<43}); did == "" || err != nil {
				t.Fatalf("%q %v", did, err)
			}
			if err := c.Check(); err != nil {
				t.Fatal(err)
			}
		}
		for _, act := range []func(Step) (string, error){c.add, c.unmark, c.checkOut, c.mark} {
			if _, err := act(Step{A: 1, B: 2, X: 1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Heal(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Settle(); err != nil {
			t.Error(err)
		}
		said := 0
		c.truth.facts(func(_ *visit, f *fact) {
			if f.kind == marked {
				said++
			}
		})
		if said < 12 {
			t.Errorf("only %d marks were acknowledged: the test proves little", said)
		}
	})
}
