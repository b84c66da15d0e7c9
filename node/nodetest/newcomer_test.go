package nodetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/node/access"
)

// Who joins when a closed campus opens again hears of a visit from a node that was off
// when it ended, and of its end from nobody: the others have dropped that day. They
// put nobody back on the list (found by seed 5549), also where the clock at the door
// was decades off.
func TestANewcomerPutsNobodyBackOnTheList(t *testing.T) {
	for name, off := range map[string]time.Duration{"a clock that is right": 0, "one of another century": 99 * year, "one that is behind": -29 * year} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("weeks of a campus's life: in the long run only")
			}
			aNewcomerPutsNobodyBack(t, off)
		})
	}
}

func aNewcomerPutsNobodyBack(t *testing.T, off time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCampus(t.TempDir(), 5549, 4, pace{beatEvery, repairEvery, dialEvery, access.Ahead})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(2 * repairEvery)
		c.Houses[3].Clock.Jump(off)
		v, err := c.arrive(c.Houses[3])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.closeDown(Step{A: 1012201, B: 654393, X: 5447902853306914545}); err != nil || !v.surelyGone() || v.doubt {
			t.Fatalf("went out: %v, in doubt: %v, %v", v.surelyGone(), v.doubt, err)
		}
		time.Sleep(381 * time.Millisecond)
		if _, err := c.joinOne(Step{A: 762391, X: 12279243351789717145}); err != nil || len(c.Houses) != 5 {
			t.Fatalf("%d nodes, %v", len(c.Houses), err)
		}
		if err := c.Heal(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Settle(); err != nil {
			t.Error(err)
		}
	})
}
