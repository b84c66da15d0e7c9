package privacy

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

const (
	// withholdFor is how long names are withheld at most, when members are
	// there but none has confirmed.
	withholdFor = 5 * time.Second
	// aloneAfter is how long a member may take to appear.
	aloneAfter = 2 * time.Second
	// lookEvery is how often it is looked whether a network has come, until then.
	lookEvery = 100 * time.Millisecond
	// recheckEvery is how often members are asked; a word that is three times
	// as old no longer stands.
	recheckEvery = 10 * time.Second
	freshFor     = 3 * recheckEvery
	// saveEvery bounds how often the last word is saved.
	saveEvery = time.Minute
	// askAgain is the least time between two questions to one member, but for
	// one that has just connected.
	askAgain = time.Second
)

// Acts are the acts that are held here.
type Acts interface {
	ActsVectors() map[record.DocID][]crdt.Head
	// Wants is false for documents that are taken from nobody any more.
	Wants(record.DocID) bool
	// Changed is closed at the next change.
	Changed() <-chan struct{}
}

// Peers are the members that are connected.
type Peers interface {
	// Peers are the connected members in good standing, in no order.
	Peers() []identity.NodeID
	// Ask asks one of them; it may block for seconds.
	Ask(ctx context.Context, peer identity.NodeID) (Answer, error)
	// Pull has what is missing fetched from one; it must not block.
	Pull(peer identity.NodeID)
}

// Keeper keeps when a member last confirmed, durably; zero: never.
type Keeper interface {
	LoadConfirmed() (time.Time, error)
	SaveConfirmed(time.Time) error
}

// GateConfig is what a Gate is made of; Now and Logger have defaults.
type GateConfig struct {
	Acts   Acts
	Peers  Peers
	Keeper Keeper
	// Others reports whether the campus has other members in good standing.
	Others func() bool
	// Offline reports whether no member can be reached because this device's
	// networks are off. Never while one is merely slow. Nil: they never are.
	Offline func() bool
	// Joined is when this node became a member.
	Joined func() time.Time
	Now    func() time.Time
	Logger *slog.Logger
}

// Gate holds names back until a member has said that this node has heard of
// all erasures; never for long, since a muster must not be blocked. Safe for
// concurrent use.
type Gate struct {
	cfg  GateConfig
	poke chan struct{}

	mu sync.Mutex
	// began is when this node started or was no longer cut off.
	began   time.Time // monotonic
	running bool
	// peers is how many were connected when last looked; lost is when the
	// last of them went.
	peers int
	lost  time.Time // monotonic
	// offline: nobody was connected and no network was on when last looked.
	offline bool
	// confirmed is when a member last confirmed; told is the same, by the
	// other clock, and survives a restart.
	confirmed time.Time // monotonic
	told      time.Time
	saved     time.Time // monotonic
	asking    map[identity.NodeID]bool
	asked     map[identity.NodeID]time.Time // monotonic; of those connected
	// said: an answer has been covered since the last word was taken.
	said bool
	// open are answers that are not covered yet.
	open    map[identity.NodeID]Answer
	changed chan struct{}
}

// OpenGate makes a Gate that holds names back until Run has looked around.
func OpenGate(cfg GateConfig) (*Gate, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Offline == nil {
		cfg.Offline = func() bool { return false }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	told, err := cfg.Keeper.LoadConfirmed()
	if err != nil {
		return nil, fmt.Errorf("read when erasures were known: %w", err)
	}
	return &Gate{
		cfg: cfg, poke: make(chan struct{}, 1), began: time.Now(), told: told,
		asking: map[identity.NodeID]bool{}, asked: map[identity.NodeID]time.Time{}, open: map[identity.NodeID]Answer{}, changed: make(chan struct{}),
	}, nil
}

// Names reports whether names may be shown now. unknown is zero while a member
// has lately confirmed that all erasures are known here; else the time since
// when they are not.
func (g *Gate) Names() (ok bool, unknown time.Time) {
	if !g.cfg.Others() {
		return true, time.Time{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.confirmed.IsZero() && time.Since(g.confirmed) <= freshFor {
		return true, time.Time{}
	}
	unknown = g.told
	if unknown.IsZero() {
		unknown = g.cfg.Joined()
	}
	passed := time.Since(g.began)
	switch {
	case !g.confirmed.IsZero() && !g.confirmed.Before(g.began):
		ok = true // confirmed since, and cut off again or not answered
	case passed >= withholdFor:
		ok = true
	case g.running && g.peers == 0 && (g.offline || passed >= aloneAfter):
		// Nobody is there to be asked, or nobody has come.
		ok = true
	}
	return ok, unknown
}

// Changed is closed when what Names says may have changed.
func (g *Gate) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

func (g *Gate) tell() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.changed)
	g.changed = make(chan struct{})
}

// Wake has Run look at once; call it when a member connects or goes.
func (g *Gate) Wake() {
	select {
	case g.poke <- struct{}{}:
	default:
	}
}

// Run asks members until ctx ends.
func (g *Gate) Run(ctx context.Context) error {
	var asks sync.WaitGroup
	defer asks.Wait()
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	g.mu.Lock()
	g.began, g.running = time.Now(), true
	g.mu.Unlock()
	// A network that is switched on meanwhile has members to wait for.
	soon := time.NewTicker(lookEvery)
	defer soon.Stop()
	alone, over := time.NewTimer(aloneAfter), time.NewTimer(withholdFor)
	defer alone.Stop()
	defer over.Stop()
	all := true
	for {
		changed := g.cfg.Acts.Changed()
		if g.look(ctx, all, &asks) {
			alone.Reset(aloneAfter)
			over.Reset(withholdFor)
			soon.Reset(lookEvery)
		}
		g.network()
		g.settle()
		all = false
		select {
		case <-ctx.Done():
			g.save(true)
			return nil
		case <-g.poke:
		case <-changed:
		case <-soon.C:
		case <-alone.C:
			soon.Stop()
			g.tell()
		case <-over.C:
			g.tell()
		case <-tick.C:
			all = true
			g.tell()
		}
	}
}

// network looks whether this device's networks are off, for as long as a member
// may take to appear.
func (g *Gate) network() {
	g.mu.Lock()
	over := time.Since(g.began) >= aloneAfter
	g.mu.Unlock()
	offline := !over && g.cfg.Offline()
	g.mu.Lock()
	was := g.offline
	g.offline = offline
	g.mu.Unlock()
	if was != offline {
		g.tell()
	}
}

// look asks members that have connected since, or all; anew reports that this
// node was cut off until now.
func (g *Gate) look(ctx context.Context, all bool, asks *sync.WaitGroup) (anew bool) {
	peers := g.cfg.Peers.Peers()
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	switch {
	case len(peers) == 0 && g.peers > 0:
		g.lost = now
	case len(peers) > 0 && g.peers == 0:
		all = true
		// A link that flaps does not hold names back again and again.
		if anew = !g.lost.IsZero() && now.Sub(g.lost) > freshFor; anew {
			g.began = now
		}
	}
	g.peers = len(peers)
	there := map[identity.NodeID]bool{}
	for _, p := range peers {
		there[p] = true
		_, open := g.open[p]
		if g.asking[p] || !all && (open || g.fresh(now)) || now.Sub(g.asked[p]) < askAgain {
			continue
		}
		g.asking[p], g.asked[p] = true, now
		asks.Go(func() { g.ask(ctx, p) })
	}
	for p := range g.asked {
		if !there[p] {
			delete(g.asked, p)
			delete(g.open, p)
		}
	}
	return anew
}

func (g *Gate) fresh(now time.Time) bool {
	return !g.confirmed.IsZero() && now.Sub(g.confirmed) < recheckEvery
}

func (g *Gate) ask(ctx context.Context, peer identity.NodeID) {
	a, err := g.cfg.Peers.Ask(ctx, peer)
	g.mu.Lock()
	delete(g.asking, peer)
	if err == nil {
		g.open[peer] = a
	}
	g.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			g.cfg.Logger.Debug("a member did not say which erasures it knows", "err", err)
		}
		g.Wake() // others' word may have waited for this one
		return
	}
	if !g.covered(a) {
		g.cfg.Peers.Pull(peer)
	}
	g.Wake()
}

func (g *Gate) covered(a Answer) bool { return a.coveredBy(g.cfg.Acts.ActsVectors(), g.cfg.Acts.Wants) }

// settle takes the word of those who were asked, once all that they hold is held
// here: one of them may know of an erasure that another has not heard of.
func (g *Gate) settle() {
	g.mu.Lock()
	if len(g.open) == 0 && !g.said {
		g.mu.Unlock()
		return
	}
	ours := g.cfg.Acts.ActsVectors()
	was := g.fresh(time.Now())
	for p, a := range g.open {
		if a.coveredBy(ours, g.cfg.Acts.Wants) {
			delete(g.open, p)
			g.said = true
		}
	}
	word := g.said && len(g.open) == 0 && len(g.asking) == 0
	if word {
		g.said = false
		g.confirmed, g.told = time.Now(), g.cfg.Now()
	}
	g.mu.Unlock()
	if word && !was {
		g.tell()
	}
	g.save(false)
}

// save keeps when a member last confirmed, now and then or at the end.
func (g *Gate) save(end bool) {
	g.mu.Lock()
	told, mono := g.told, time.Now()
	due := !g.confirmed.IsZero() && g.confirmed.After(g.saved) && (end || g.saved.IsZero() || mono.Sub(g.saved) >= saveEvery)
	if due {
		g.saved = mono
	}
	g.mu.Unlock()
	if !due {
		return
	}
	if err := g.cfg.Keeper.SaveConfirmed(told); err != nil {
		g.cfg.Logger.Error("when erasures were known could not be saved; tried again later", "err", err)
	}
}
