package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/cmd/internal/sim"
	"github.com/upprop/upprop/node/nodetest"
)

// errBroken: the simulation has found what it is for.
var errBroken = errors.New("a promise was broken: see above, and run the line that begins with \"again:\" to see it once more")

func (c *command) sim() *cobra.Command {
	cfg := sim.Config{Seeds: 1, Worker: []string{workerName}, Most: 3}
	var story storyFlags
	var trace bool
	cmd := &cobra.Command{
		Use: "sim", Short: "Simulate whole campuses with faults, from a seed",
		Long: `Simulate whole campuses with faults, from a seed: real nodes in one process, on
networks that break, disks that lose power and clocks that go wrong, with
visitors coming and going. After each step every node is held to what must
always be true, and in the end, with all healed, to what really happened.

A failure is shortened to the steps that matter and can be run again by its
seed. Faults: ` + strings.Join(nodetest.FaultNames(), ", ") + `;
and ` + nodetest.Drawer + `, which is not among all.`,
		Example: `  upprop sim --seed 7
  upprop sim --seed 1 --seeds 1000 --nodes 5 --steps 80 --faults partition,crash`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if cfg.Options, err = story.options(); err != nil {
				return err
			}
			if cfg.First = cfg.Options.Seed; cfg.Seeds < 1 || cfg.Workers < 0 {
				return wrongUsage("--seeds is at least 1, --workers at least 0")
			}
			var failures []sim.Failure
			cfg.Failed = func(f sim.Failure) {
				failures = append(failures, f)
				if cfg.Seeds > 1 { // what follows may take long
					fmt.Fprintf(cmd.ErrOrStderr(), "seed %d: %v\n", f.Options.Seed, f.Result.Broken)
				}
			}
			cfg.Progress = func(s sim.Summary) {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d campuses in %v, %d with a broken promise\n",
					s.Campuses, cfg.Seeds, s.Took.Round(time.Second), s.Failed)
			}
			sum, err := sim.Run(cmd.Context(), cfg)
			if err != nil {
				return errors.Join(err, c.say("%s", summary(cfg, sum)))
			}
			for _, f := range failures {
				short, sure := f, ""
				if cfg.Options.Keep == nil && !trace {
					short = sim.Shrink(cmd.Context(), cfg, f)
					sure = fmt.Sprintf("breaks in %d of %d runs\n", sim.Again(cmd.Context(), cfg, short, reruns), reruns)
				}
				if err := c.say("%s", tell(f, short)+sure); err != nil {
					return err
				}
			}
			if trace && len(failures) == 0 && cfg.Seeds == 1 {
				return c.say("%s", "nothing broke; run it without --trace for a summary")
			}
			if err := c.say("%s", summary(cfg, sum)); err != nil || len(failures) == 0 {
				return err
			}
			return errBroken
		},
	}
	f := cmd.Flags()
	story.register(f)
	f.IntVar(&cfg.Seeds, "seeds", 1, "how many seeds to simulate")
	f.IntVar(&cfg.Workers, "workers", 0, "how many campuses at a time (default: one a processor)")
	f.IntVar(&cfg.Most, "most", cfg.Most, "after how many failures no new campus is begun")
	f.BoolVar(&trace, "trace", false, "tell a failure whole, not shortened")
	return cmd
}

// reruns is how often a shortened failure is run once more: what does not lie in
// the seed's hand may go another way.
const reruns = 5

// workerName is the hidden command of a worker process.
const workerName = "sim-worker"

func (c *command) simWorker() *cobra.Command {
	return &cobra.Command{
		Use: workerName, Hidden: true, Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			sim.Work(os.NewFile(3, "answers"))
			return nil
		},
	}
}

// tell tells a failure and how to see it again.
func tell(f, short sim.Failure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %v\n", f.Options.Seed, f.Result.Broken)
	for _, line := range short.Result.Trace {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	fmt.Fprintf(&b, "again: upprop sim %s\n", storyLine(short.Options))
	return b.String()
}

func summary(cfg sim.Config, s sim.Summary) string {
	return fmt.Sprintf("seeds %d to %d: %d campuses, %d with a broken promise; %d steps, %d arrivals and %d departures acknowledged;"+
		" %.0f days of campus time in %v; the slowest to agree after its last fault took %v",
		cfg.First, cfg.First+uint64(cfg.Seeds)-1, s.Campuses, s.Failed, s.Steps, s.Visits, s.Departures,
		s.Spent.Hours()/24, s.Took.Round(time.Second), s.Settled.Round(time.Second))
}
