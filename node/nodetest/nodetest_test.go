package nodetest

import (
	"flag"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	fromSeed = flag.Uint64("seed", 1, "the first seed to simulate")
	seeds    = flag.Int("seeds", 10, "how many seeds to simulate")
)

// simulate runs one seed in a bubble of its own.
func simulate(t *testing.T, o Options) (res Result) {
	t.Helper()
	defer Chance(o.Seed)()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if res, err = Run(o); err != nil {
			t.Errorf("seed %d: %v", o.Seed, err)
		}
	})
	return res
}

func TestPromises(t *testing.T) {
	many := *seeds
	if testing.Short() {
		many = min(many, 4)
	}
	for i := range many {
		o := Options{Seed: *fromSeed + uint64(i), Steps: 60, Faults: FaultNames()}
		began := time.Now()
		res := simulate(t, o)
		if res.Broken != nil {
			t.Errorf("seed %d: %v\n%s", o.Seed, res.Broken, strings.Join(res.Trace, "\n"))
		}
		t.Logf("seed %d: %d visits, %d departures, settled after %v, in %v", o.Seed, res.Visits, res.Departures, res.Settled, time.Since(began))
	}
}
