package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/upprop/upprop/node/nodetest"
)

// Config says what to simulate.
type Config struct {
	// First is the first seed, Seeds how many follow from it.
	First uint64
	Seeds int
	// Options are those of every campus; the seed is filled in.
	Options nodetest.Options
	// Workers run at a time; 0 means one a processor.
	Workers int
	// Program is what is run as a worker; empty means this program. Worker are
	// the arguments that make it one, Env what its environment has besides.
	Program     string
	Worker, Env []string
	// Failed, if not nil, is told of each campus that failed.
	Failed func(Failure)
	// Progress, if not nil, is told of the summary so far after every
	// [Between] campuses.
	Progress func(Summary)
	// Most is after how many failures no new campus is begun; 0 means 1.
	Most int
}

// Between is how many campuses there are between two words of progress.
const Between = 500

// Failure is a campus in which a promise did not hold.
type Failure struct {
	Options nodetest.Options
	Result  nodetest.Result
	// Died: the process ended or hung, and the campus itself said nothing.
	Died bool
}

// Summary is what all campuses showed together.
type Summary struct {
	Campuses, Failed   int
	Visits, Departures int
	Steps              int
	// Settled is how long the slowest healthy campus took to agree.
	Settled time.Duration
	// Spent is campus time, Took real time.
	Spent, Took time.Duration
}

// Run simulates campuses until all are done, too many have failed, or ctx
// ends.
func Run(ctx context.Context, cfg Config) (sum Summary, err error) {
	began := time.Now()
	if cfg.Workers == 0 {
		cfg.Workers = runtime.NumCPU()
	}
	cfg.Most = max(cfg.Most, 1)
	var mu sync.Mutex
	next, failed := 0, 0
	take := func() (o nodetest.Options, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if next >= cfg.Seeds || failed >= cfg.Most || ctx.Err() != nil {
			return o, false
		}
		o = cfg.Options
		o.Seed = cfg.First + uint64(next)
		next++
		return o, true
	}
	note := func(o nodetest.Options, a answer) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if a.Error != "" {
			err = errors.Join(err, fmt.Errorf("simulate seed %d: %s", o.Seed, a.Error))
		}
		r := a.Result
		sum.Campuses++
		sum.Visits, sum.Departures, sum.Steps = sum.Visits+r.Visits, sum.Departures+r.Departures, sum.Steps+len(r.Done)
		sum.Settled, sum.Spent = max(sum.Settled, r.Settled), sum.Spent+r.Spent
		if r.Broken != nil {
			failed++
			sum.Failed = failed
			if cfg.Failed != nil {
				cfg.Failed(Failure{o, r, a.died})
			}
		}
		if sum.Campuses%Between == 0 && sum.Campuses < cfg.Seeds && cfg.Progress != nil {
			sum.Took = time.Since(began)
			cfg.Progress(sum)
		}
	}
	var wg sync.WaitGroup
	for range min(cfg.Workers, cfg.Seeds) {
		wg.Go(func() {
			if bad := cfg.workThrough(ctx, take, note); bad != nil {
				mu.Lock()
				err = errors.Join(err, bad)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	sum.Took = time.Since(began)
	return sum, errors.Join(err, ctx.Err())
}

// workThrough runs campuses in one worker after another.
func (cfg Config) workThrough(ctx context.Context, take func() (nodetest.Options, bool), note func(nodetest.Options, answer)) error {
	var p *process
	defer func() {
		if p != nil {
			p.close()
		}
	}()
	for {
		o, ok := take()
		if !ok {
			return nil
		}
		if p == nil {
			var err error
			if p, err = startProcess(cfg); err != nil {
				return err
			}
		}
		a, fine := p.run(ctx, o)
		note(o, a)
		if !fine {
			p.close()
			p = nil
		}
	}
}
