// Package statistics counts arrivals by day, hour and type of visitor, and keeps
// the counts when all that they were counted from is gone: they are of nobody
// (GDPR, recital 26). What fewer than five people make up is kept and shown as
// "few", so that no count points at somebody.
//
// Invariant: nothing here is of a person, and no day that has been dropped is
// counted anew.
package statistics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/atomicfile"
)

const (
	// Least is the smallest number of people that is told.
	Least = 5
	// few stands for one to four, at rest as well.
	few = -1
	// kept is for how many days counts are kept: ten years.
	kept = 3653
	// every is how often the days that are retained are counted again: what comes
	// late from a node that was cut off counts too.
	every = 6 * time.Hour
)

// tally is what came to one site on one day. A number is few, or at least Least.
type tally struct {
	All   int            `json:"all"`
	Hours map[int]int    `json:"hours,omitempty"`
	Types map[string]int `json:"types,omitempty"`
}

// days are tallies by date (2006-01-02) and site.
type days map[string]map[record.SiteID]tally

// Config is what a Service is made of; File, Visits and Horizon are required.
type Config struct {
	File string
	// Visits calls a function for each retained visit.
	Visits func(func(record.Presence) error) error
	// Horizon is the first day whose entries are all retained.
	Horizon func() record.Day
	// Counts reports whether this node keeps statistics. Nil: it does.
	Counts func() bool
	// Now is the clock; nil means time.Now. Zone says when a day begins; nil means
	// time.Local.
	Now    func() time.Time
	Zone   *time.Location
	Logger *slog.Logger
}

// Service counts. Safe for concurrent use.
type Service struct {
	cfg Config

	mu      sync.Mutex
	days    days
	damaged bool
}

// Open reads what was counted. A file that cannot be read is put aside, not
// overwritten: Damaged tells.
func Open(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Counts == nil {
		cfg.Counts = func() bool { return true }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, days: days{}}
	b, err := os.ReadFile(cfg.File)
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(b)).Decode(&s.days)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.days, s.damaged = days{}, true
		aside := cfg.File + ".damaged"
		cfg.Logger.Error("the statistics cannot be read: they are put aside and begun anew",
			"file", filepath.Base(aside), "err", errors.Join(os.Rename(cfg.File, aside)))
	}
	return s
}

// Run counts at the start and every six hours until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if s.cfg.Counts() {
			if err := s.Count(); err != nil {
				s.cfg.Logger.Error("arrivals could not be counted; tried again later", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Count counts the days that are over and wholly retained, durably.
func (s *Service) Count() error {
	now := s.cfg.Now().In(s.cfg.Zone)
	today := now.Format(time.DateOnly)
	// A day here may begin on the day before in UTC, and end on the day after.
	first := s.cfg.Horizon().Start().Add(24 * time.Hour).In(s.cfg.Zone).Format(time.DateOnly)
	counted := days{}
	err := s.cfg.Visits(func(p record.Presence) error {
		if !p.Heard() || p.Since == 0 || p.Added || p.Arrived.How == record.HowFed {
			return nil
		}
		at := p.Since.Time().In(s.cfg.Zone)
		date := at.Format(time.DateOnly)
		if date < first || date >= today {
			return nil
		}
		if counted[date] == nil {
			counted[date] = map[record.SiteID]tally{}
		}
		site := p.Arrived.Place.Site
		c, ok := counted[date][site]
		if !ok {
			c = tally{Hours: map[int]int{}, Types: map[string]int{}}
		}
		c.All++
		c.Hours[at.Hour()]++
		c.Types[p.Type]++
		counted[date][site] = c
		return nil
	})
	if err != nil {
		return fmt.Errorf("count arrivals: %w", err)
	}
	for _, sites := range counted {
		for site, c := range sites {
			sites[site] = c.hide()
		}
	}
	oldest := now.AddDate(0, 0, -kept).Format(time.DateOnly)
	s.mu.Lock()
	defer s.mu.Unlock()
	next := days{}
	for date, sites := range s.days {
		if date >= oldest {
			next[date] = sites
		}
	}
	for date, sites := range counted {
		next[date] = more(next[date], sites)
	}
	b, err := json.Marshal(next)
	if err == nil {
		err = atomicfile.Replace(s.cfg.File, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep statistics: %w", err)
	}
	s.days = next
	return nil
}

// more are, site by site, the tallies of more people: nobody who came has not
// come, and a node that was put back from a copy has not heard of all again.
func more(old, now map[record.SiteID]tally) map[record.SiteID]tally {
	out := maps.Clone(now)
	for site, t := range old {
		if c, ok := out[site]; !ok || c.All < t.All {
			out[site] = t
		}
	}
	return out
}

// hide makes small numbers few.
func (t tally) hide() tally {
	t.All = hidden(t.All)
	for h, n := range t.Hours {
		t.Hours[h] = hidden(n)
	}
	for k, n := range t.Types {
		t.Types[k] = hidden(n)
	}
	return t
}

func hidden(n int) int {
	if n < Least {
		return few
	}
	return n
}

// Damaged reports whether earlier counts could not be read at the start.
func (s *Service) Damaged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.damaged
}
