// Package cable pulls cables for drills: while a drill runs that says so, this
// node's links to chosen others are cut, so that a campus learns what its lists
// look like then. It starts and ends no drill.
//
// Invariant: a link is cut for no longer than MaxCut, MaxCut twice in a day, and
// no longer than the drill; a real alarm that this node or one at the other end of
// a cut hears of restores all at once; and a restart cuts nothing.
package cable

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// MaxCut bounds how long a drill cuts links, DefaultCut is how long where it
	// does not say.
	MaxCut     = 30 * time.Minute
	DefaultCut = 10 * time.Minute
	// MaxLinks bounds the links that one drill names.
	MaxLinks = 64
	// budget bounds for how long links of this node are cut in any day, by
	// whatever drills: whoever takes a desk cannot keep a campus apart.
	budget, budgetDay = 2 * MaxCut, 24 * time.Hour
	// grace is how long after hearing of a drill its links are cut: what it says
	// must get through them first.
	grace = 3 * time.Second
	// ask is how often those at the other ends are asked whether to undo it.
	ask = 2 * time.Second
	// patience is how long one is given to answer.
	patience = 5 * time.Second
)

// Word is what the other end of a cut says of its drill.
type Word byte

const (
	// Keep: it runs there as well, or has not been heard of.
	Keep Word = iota
	// Undo: a real alarm is heard there, or the drill's cuts are undone there.
	Undo
)

// Links is what a network lets be cut.
type Links interface {
	Cut(peer record.NodeID)
	Restore(peer record.NodeID)
	// Ask asks the other end of a cut about a drill; an error means that it was
	// not heard.
	Ask(ctx context.Context, peer record.NodeID, drill record.EvacID) (Word, error)
}

// Config is what a Service is made of; all but Record and Logger are required.
type Config struct {
	Links Links
	// Evacuations are the starts known; Changed is closed at the next change. Get it
	// before.
	Evacuations func() record.Evacuations
	Changed     func() <-chan struct{}
	Self        record.NodeID
	// Others are the members besides this node.
	Others func() []record.NodeID
	// Trusted reports whether a node may have links cut.
	Trusted func(record.NodeID) bool
	// Record is told what was done. Nil: nobody is.
	Record func(what, note string)
	// Now is the wall clock, to tell old drills from new ones.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service cuts links and restores them. Safe for concurrent use.
type Service struct {
	cfg  Config
	wake chan struct{}

	mu sync.Mutex
	// undone are the drills that cut nothing here any more: they began before
	// this run, are over, or somebody said so.
	undone map[record.EvacID]bool
	heard  map[record.EvacID]time.Time // when, by a clock that does not jump
	cuts   map[record.NodeID]Link
	spent  []span
}

type span struct{ from, to time.Time }

// Link is a link that a drill has cut.
type Link struct {
	Peer  record.NodeID
	Drill record.EvacID
	// Until is when it is restored at the latest.
	Until time.Time
}

// New makes a Service. What runs already cuts nothing.
func New(cfg Config) *Service {
	if cfg.Record == nil {
		cfg.Record = func(string, string) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		cfg: cfg, wake: make(chan struct{}, 1), undone: map[record.EvacID]bool{}, heard: map[record.EvacID]time.Time{}, cuts: map[record.NodeID]Link{},
	}
	for _, x := range cfg.Evacuations() {
		s.undone[x.ID] = true
	}
	return s
}

// Cut are the links that are cut now, in order of peer.
func (s *Service) Cut() (out []Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.cuts {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Link) int { return slices.Compare(a.Peer[:], b.Peer[:]) })
	return out
}

// Answer is what this node says to the other end of a cut.
func (s *Service) Answer(drill record.EvacID) Word {
	real := realRuns(s.cfg.Evacuations())
	s.mu.Lock()
	defer s.mu.Unlock()
	if real || s.undone[drill] {
		return Undo
	}
	return Keep
}

// realRuns reports whether a real alarm runs anywhere.
func realRuns(all record.Evacuations) bool {
	return slices.ContainsFunc(all, func(x record.Start) bool { return x.Ended == 0 && !x.Drill })
}

// Run cuts and restores until ctx ends, and then restores all.
func (s *Service) Run(ctx context.Context) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	defer s.settle(nil)
	var asking sync.WaitGroup
	defer asking.Wait()
	asking.Go(func() { s.askAll(ctx) })
	for {
		changed := s.cfg.Changed()
		s.settle(s.wanted(time.Now()))
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-s.wake:
		case <-t.C:
		}
	}
}

// wanted are the links to be cut at a moment.
func (s *Service) wanted(now time.Time) map[record.NodeID]Link {
	all := s.cfg.Evacuations()
	real := realRuns(all)
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[record.NodeID]Link{}
	for _, x := range all {
		if len(x.Cuts) == 0 || s.undone[x.ID] {
			continue
		}
		first, known := s.heard[x.ID]
		if !known {
			first = now
			s.heard[x.ID] = now
		}
		lasts := min(x.CutFor, MaxCut)
		until := first.Add(lasts)
		late := s.cfg.Now().Sub(x.At.Time()) > lasts
		if x.Ended != 0 || real || !now.Before(until) || late || !s.cfg.Trusted(x.By) {
			s.undone[x.ID] = true
			continue
		}
		if now.Before(first.Add(grace)) {
			continue
		}
		for _, peer := range s.peers(x.Cuts) {
			if l, there := out[peer]; !there || l.Until.Before(until) {
				out[peer] = Link{peer, x.ID, until}
			}
		}
	}
	if len(out) > 0 && s.exhausted(now) {
		for _, l := range out {
			s.undone[l.Drill] = true
		}
		s.cfg.Logger.Warn("a drill's links are restored: links have been cut for as long as they may be in a day")
		clear(out)
	}
	return out
}

// peers are this node's ends of links.
func (s *Service) peers(cuts []record.Cut) (out []record.NodeID) {
	others := s.cfg.Others()
	for _, c := range cuts[:min(len(cuts), MaxLinks)] {
		switch {
		case c.A == s.cfg.Self && c.B.IsZero():
			out = append(out, others...)
		case c.A == s.cfg.Self:
			out = append(out, c.B)
		case c.B == s.cfg.Self || c.B.IsZero():
			out = append(out, c.A)
		}
	}
	return slices.DeleteFunc(out, func(id record.NodeID) bool { return !slices.Contains(others, id) })
}

// exhausted reports whether links have been cut for as long as they may be.
// Callers hold mu.
func (s *Service) exhausted(now time.Time) bool {
	s.spent = slices.DeleteFunc(s.spent, func(x span) bool { return now.Sub(x.to) > budgetDay })
	var sum time.Duration
	for _, x := range s.spent {
		sum += x.to.Sub(x.from)
	}
	return sum >= budget
}

// settle cuts and restores what is not as wanted.
func (s *Service) settle(want map[record.NodeID]Link) {
	s.mu.Lock()
	now := time.Now()
	var cut, restore []record.NodeID
	for peer := range want {
		if _, is := s.cuts[peer]; !is {
			cut = append(cut, peer)
		}
	}
	for peer := range s.cuts {
		if _, stays := want[peer]; !stays {
			restore = append(restore, peer)
		}
	}
	switch n := len(s.spent); {
	case len(want) == 0 && len(s.cuts) == 0:
	case len(s.cuts) == 0:
		s.spent = append(s.spent, span{now, now})
	default:
		s.spent[n-1].to = now
	}
	var drills []record.EvacID
	for _, l := range want {
		if _, is := s.cuts[l.Peer]; !is && !slices.Contains(drills, l.Drill) {
			drills = append(drills, l.Drill)
		}
	}
	s.cuts = maps.Clone(want)
	if s.cuts == nil {
		s.cuts = map[record.NodeID]Link{}
	}
	s.mu.Unlock()
	for _, peer := range restore {
		s.cfg.Links.Restore(peer)
	}
	for _, peer := range cut {
		s.cfg.Links.Cut(peer)
	}
	if len(restore) > 0 {
		s.cfg.Logger.Info("links that a drill had cut are restored", "links", len(restore))
	}
	for _, d := range drills {
		s.cfg.Logger.Warn("links are cut for a drill", "links", len(cut), "drill", d)
		s.cfg.Record("drill.cut", d.String())
	}
}

// askAll asks those at the other ends, again and again.
func (s *Service) askAll(ctx context.Context) {
	t := time.NewTicker(ask)
	defer t.Stop()
	for {
		var all sync.WaitGroup
		for _, l := range s.Cut() {
			all.Go(func() { s.askOne(ctx, l) })
		}
		all.Wait()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (s *Service) askOne(ctx context.Context, l Link) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if w, err := s.cfg.Links.Ask(ctx, l.Peer, l.Drill); err != nil || w != Undo {
		return
	}
	s.mu.Lock()
	s.undone[l.Drill] = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
