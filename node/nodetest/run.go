package nodetest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/upprop/upprop/node/access"
)

// Options say what to simulate.
type Options struct {
	Seed uint64
	// Nodes is how many nodes a campus begins with; 0 lets the seed decide
	// between three and six.
	Nodes int
	// Steps is how much happens.
	Steps int
	// Faults are the kinds of faults; see FaultNames.
	Faults Faults
	// Keep are the numbers of the steps to do; none means all.
	Keep []int
	// Patience is how long the campus may take to agree; 0 means as long as a
	// healthy one ever may. It decides nothing but when a failure is called one.
	Patience time.Duration `json:",omitempty"`
}

// Result is what a run showed.
type Result struct {
	// Broken is the first promise that did not hold; nil when all did.
	Broken *Violation
	// Trace tells what happened.
	Trace []string
	// Done are the numbers of the steps that could be done.
	Done []int
	// Visits came, Departures were acknowledged.
	Visits, Departures int
	// Erasures were acknowledged.
	Erasures int
	// Settled is how long the campus took to agree after the last fault.
	Settled time.Duration
	// Spent is how much of the campus's time went by.
	Spent time.Duration
}

// Run simulates one campus. Call it inside a synctest bubble of its own. An
// error means that the simulation itself could not go on.
func Run(o Options) (res Result, err error) {
	dir, err := os.MkdirTemp(memory(), "upprop-sim-")
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	nodes := o.Nodes
	if nodes == 0 {
		nodes = 3 + int(o.Seed%4)
	}
	began := time.Now()
	plan := Plan(o.Seed, o.Steps, o.Faults)
	p := pace{beatEvery, repairEvery, dialEvery, soonAhead}
	if slices.ContainsFunc(plan, func(s Step) bool { return s.Do == "close-down" || s.Do == "drawer" }) {
		p.ahead = access.Ahead
	}
	c, err := newCampus(dir, o.Seed, nodes, p)
	if o.Patience > 0 {
		c.patience = o.Patience
	}
	if err == nil {
		err = c.play(Only(plan, o.Keep), &res)
	}
	res.Spent = time.Since(began)
	c.truth.facts(func(v *visit, f *fact) {
		switch f.kind {
		case arrival:
			res.Visits++
		case departure:
			res.Departures++
		case erased:
			res.Erasures++
		}
	})
	if errors.As(err, &res.Broken) {
		err = nil
	}
	closing := c.Close()
	var late *Violation
	if errors.As(closing, &late) {
		// Where a promise is broken already, a node may not end as it should.
		if res.Broken == nil && err == nil {
			res.Broken, res.Trace = late, append(res.Trace, late.Error())
		}
		closing = nil
	}
	return res, errors.Join(err, closing)
}

// nowAndThen is after how many steps all disks are looked through.
const nowAndThen = 20

// memory is a folder that costs no disk, where there is one.
func memory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// play does the steps, heals all, and waits for the campus to agree.
func (c *Campus) play(plan []Step, res *Result) (err error) {
	tell := func(line string) {
		res.Trace = append(res.Trace, line)
	}
	began := time.Now()
	c.trace = func(format string, args ...any) {
		tell(fmt.Sprintf("     %9.3fs "+format, append([]any{time.Since(began).Seconds()}, args...)...))
	}
	for _, s := range plan {
		time.Sleep(s.Wait)
		k, ok := kind(s.Do)
		if !ok {
			return fmt.Errorf("simulate: there is no step %q", s.Do)
		}
		did, err := "", c.bury()
		if err == nil {
			did, err = k.do(c, s)
		}
		if err == nil {
			err = c.Check()
		}
		if err == nil && s.N%nowAndThen == 0 {
			err = c.checkFiles()
		}
		if did == "" && err != nil {
			did = s.Do // it did something after all
		}
		if did != "" {
			res.Done = append(res.Done, s.N)
			tell(fmt.Sprintf("%4d %9.3fs %s", s.N, time.Since(began).Seconds(), did))
		}
		if err != nil {
			err = step(s.N, err)
			tell(err.Error())
			return err
		}
	}
	c.trace("all is healed")
	if err = c.Heal(); err == nil {
		res.Settled, err = c.Settle()
	}
	if err == nil {
		err = c.checkFiles()
	}
	if err != nil {
		tell(err.Error())
	}
	return err
}
