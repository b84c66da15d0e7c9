package sim

import (
	"context"

	"github.com/upprop/upprop/node/nodetest"
)

// maxTries bounds the campuses simulated to shorten one failure.
const maxTries = 200

// Shrink leaves out steps for as long as the same promise stays broken, by
// halves first (delta debugging: Zeller and Hildebrandt, 2002), and returns
// the shortest failure found. What happens within one instant is not in the
// seed's hand, so a step is left out only when what remains fails at once.
func Shrink(ctx context.Context, cfg Config, f Failure) Failure {
	keep := f.Result.Done
	if f.Options.Keep != nil && len(keep) == 0 {
		keep = f.Options.Keep
	}
	if len(keep) == 0 { // a process that died told nothing
		for n := range f.Options.Steps {
			keep = append(keep, n+1)
		}
	}
	best := f
	s := shrinker{ctx: ctx, cfg: cfg, tries: maxTries}
	defer s.end()
	for size := (len(keep) + 1) / 2; size > 0 && s.tries > 0; {
		shorter := false
		for at := 0; at < len(keep) && s.tries > 0; {
			without := append(append([]int{}, keep[:at]...), keep[min(at+size, len(keep)):]...)
			o := f.Options
			o.Keep = without
			if len(without) > 0 {
				if r, same := s.try(o, f.Result.Broken.Promise); same {
					keep, best, shorter = without, Failure{Options: o, Result: r, Died: f.Died}, true
					continue
				}
			}
			at += size
		}
		if !shorter || size > 1 {
			size /= 2
		}
	}
	return best
}

// Again runs a failure anew, each time in a process of its own, as who is told
// of it would, and counts how often the same promise breaks.
func Again(ctx context.Context, cfg Config, f Failure, times int) (broken int) {
	for range times {
		s := shrinker{ctx: ctx, cfg: cfg}
		if _, same := s.try(f.Options, f.Result.Broken.Promise); same {
			broken++
		}
		s.end()
	}
	return broken
}

type shrinker struct {
	ctx   context.Context
	cfg   Config
	tries int
	p     *process
}

func (s *shrinker) end() {
	if s.p != nil {
		s.p.close()
	}
}

// try reports whether a campus breaks the promise.
func (s *shrinker) try(o nodetest.Options, promise string) (nodetest.Result, bool) {
	s.tries--
	if s.ctx.Err() != nil {
		s.tries = 0
		return nodetest.Result{}, false
	}
	if s.p == nil {
		p, err := startProcess(s.cfg)
		if err != nil {
			s.tries = 0
			return nodetest.Result{}, false
		}
		s.p = p
	}
	a, fine := s.p.run(s.ctx, o)
	if !fine {
		s.p.close()
		s.p = nil
	}
	return a.Result, a.Result.Broken != nil && a.Result.Broken.Promise == promise
}
