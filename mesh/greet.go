package mesh

import (
	"context"
	"sync"
	"time"
)

// greeting is something to be exchanged with a peer besides entries.
type greeting int

const (
	greetHello greeting = 1 << iota
	greetRoster
)

// greetings wait for one peer; asking twice is asking once.
type greetings struct {
	ready chan struct{} // capacity one

	mu   sync.Mutex
	what greeting
}

func (g *greetings) ask(what greeting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.what |= what
	signal(g.ready)
}

func (g *greetings) take() greeting {
	g.mu.Lock()
	defer g.mu.Unlock()
	what := g.what
	g.what = 0
	return what
}

// runGreet exchanges hellos and rosters with the peer when asked to, again
// after a pause when that fails.
func (m *Mesh) runGreet(p *peer) {
	if m.cfg.Gossip != nil {
		m.cfg.Gossip.Join(p.id)
	}
	pause := backoff{m.chance, firstPause, lastPause}
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.greet.ready:
		}
		what := p.greet.take()
		for _, g := range []struct {
			what greeting
			do   func(context.Context, *peer) error
		}{{greetRoster, m.syncRoster}, {greetHello, m.sayHello}} {
			if what&g.what == 0 {
				continue
			}
			began := time.Now()
			if err := g.do(p.ctx, p); err != nil && p.ctx.Err() == nil {
				m.counts.add("greets_failed", 1)
				m.cfg.Logger.Debug("greet peer", "peer", p.id.Short(), "after", time.Since(began), "error", err)
				p.greet.ask(g.what)
				if !pause.pause(p.ctx) {
					return
				}
				continue
			}
			pause.next = firstPause
		}
	}
}
