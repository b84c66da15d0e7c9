package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/upprop/upprop/node/nodetest"
)

// storyFlags are the flags that say which campus is simulated. A line of them
// (storyLine) says all that a run depends on.
type storyFlags struct {
	o            nodetest.Options
	faults, keep string
}

func (s *storyFlags) register(f *pflag.FlagSet) {
	f.Uint64Var(&s.o.Seed, "seed", 1, "the (first) seed")
	f.IntVar(&s.o.Nodes, "nodes", 0, "how many nodes a campus begins with (default: 3 to 6, by the seed)")
	f.IntVar(&s.o.Steps, "steps", 60, "how many steps happen in each campus")
	f.StringVar(&s.faults, "faults", "all", "which faults happen: a `LIST` with commas, all or none")
	f.StringVar(&s.keep, "keep", "", "do only the steps with these `NUMBERS`, as a shortened failure names them")
}

// options are what the flags say, once they have been read.
func (s *storyFlags) options() (o nodetest.Options, err error) {
	o = s.o
	if o.Faults, err = nodetest.ParseFaults(s.faults); err != nil {
		return o, wrongUsage("%v", err)
	}
	if o.Keep, err = numbers(s.keep); err != nil {
		return o, err
	}
	if o.Nodes != 0 && (o.Nodes < 2 || o.Nodes > 50) {
		return o, wrongUsage("--nodes is 2 to 50, or 0 to let the seed decide")
	}
	if o.Steps < 1 {
		return o, wrongUsage("--steps is at least 1")
	}
	return o, nil
}

// storyLine is the flags that give these options again.
func storyLine(o nodetest.Options) string {
	faults := strings.Join(o.Faults, ",")
	if faults == "" {
		faults = "none"
	}
	line := fmt.Sprintf("--seed %d --steps %d --faults %s", o.Seed, o.Steps, faults)
	if o.Nodes != 0 {
		line += fmt.Sprintf(" --nodes %d", o.Nodes)
	}
	if len(o.Keep) > 0 {
		line += " --keep " + strings.Trim(strings.ReplaceAll(fmt.Sprint(o.Keep), " ", ","), "[]")
	}
	return line
}

func numbers(list string) (out []int, err error) {
	if list == "" {
		return nil, nil
	}
	for _, s := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 {
			return nil, wrongUsage("--keep takes numbers of steps with commas between, not %q", s)
		}
		out = append(out, n)
	}
	return out, nil
}
