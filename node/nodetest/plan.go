package nodetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Step is one thing that happens in a campus. Which house A and B are, and
// which visit, is settled when it happens: the number modulo how many there
// are. So a plan stays meaningful when steps are left out.
type Step struct {
	N    int // its place in the plan, from 1
	Wait time.Duration
	Do   string
	A, B int
	X    uint64
}

func (s Step) String() string {
	return fmt.Sprintf("%3d after %-7v %-12s a=%d b=%d x=%d", s.N, s.Wait.Round(time.Millisecond), s.Do, s.A, s.B, s.X%1000)
}

// Faults are kinds of faults by name; see FaultNames.
type Faults []string

// work is what happens without faults.
const work = "work"

// Drawer is the kind of fault that is not among all: weeks go by in each, and a
// campus that suffers it costs as much as ten others.
const Drawer = "drawer"

// FaultNames are the kinds of faults that a simulation can be asked for, but for
// Drawer.
func FaultNames() (names []string) {
	for _, o := range ops {
		if o.fault != work && o.fault != Drawer && !slices.Contains(names, o.fault) {
			names = append(names, o.fault)
		}
	}
	return names
}

// ParseFaults reads a comma-separated list of FaultNames and Drawer, "all" or
// "none".
func ParseFaults(list string) (Faults, error) {
	switch list {
	case "all", "":
		return FaultNames(), nil
	case "none":
		return Faults{}, nil
	}
	out := Faults{}
	for _, f := range strings.Split(list, ",") {
		f = strings.TrimSpace(f)
		if f != Drawer && !slices.Contains(FaultNames(), f) {
			return nil, fmt.Errorf("there is no fault %q: choose from %s, %s, all, none", f, strings.Join(FaultNames(), ", "), Drawer)
		}
		out = append(out, f)
	}
	return out, nil
}

// op is a kind of step.
type op struct {
	name   string
	fault  string
	weight int
	// do does it and says what it did, or returns a *Violation; "" says that
	// it could not be done now.
	do func(c *Campus, s Step) (string, error)
}

// Plan is what happens from a seed: steps, of the kinds of faults asked for.
func Plan(seed uint64, steps int, faults Faults) []Step {
	rng := rand.New(rand.NewPCG(seed, 0x757070726f70))
	var kinds []op
	total := 0
	// A run does not suffer everything at once: each seed draws what it
	// suffers, so that rare things also happen alone.
	for _, o := range ops {
		if o.fault == work || slices.Contains(faults, o.fault) && suffers(rng, o.fault, len(faults)) {
			kinds = append(kinds, o)
			total += o.weight
		}
	}
	plan := make([]Step, 0, steps)
	for n := range steps {
		at := rng.IntN(total)
		i := 0
		for ; at >= kinds[i].weight; i++ {
			at -= kinds[i].weight
		}
		plan = append(plan, Step{N: n + 1, Wait: pause(rng), Do: kinds[i].name, A: rng.IntN(1 << 20), B: rng.IntN(1 << 20), X: rng.Uint64()})
	}
	return plan
}

// suffers draws whether a run suffers a kind of fault. Weeks of absence cost
// more than all else together, so among many faults they are rare.
func suffers(rng *rand.Rand, fault string, among int) bool {
	chance := rng.IntN(24)
	if fault == "away" && among > 3 {
		return chance < 3
	}
	return chance < 16
}

// pause is how long nothing happens: often an instant, at times minutes.
func pause(rng *rand.Rand) time.Duration {
	switch rng.IntN(10) {
	case 0, 1, 2:
		return time.Duration(rng.IntN(int(5 * time.Millisecond)))
	case 3, 4, 5, 6:
		return time.Duration(rng.IntN(int(2 * time.Second)))
	case 7, 8:
		return time.Duration(rng.IntN(int(15 * time.Second)))
	default:
		return time.Duration(rng.IntN(int(90 * time.Second)))
	}
}

// Only keeps the steps with these numbers; all when there are none.
func Only(plan []Step, keep []int) []Step {
	if len(keep) == 0 {
		return plan
	}
	return slices.DeleteFunc(slices.Clone(plan), func(s Step) bool { return !slices.Contains(keep, s.N) })
}
