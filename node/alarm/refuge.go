package alarm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// TellRequest is what those who wait at a refuge are to be told.
type TellRequest struct {
	// Point is the refuge; one that nobody has set up is kept. Empty for those at
	// Site, or where that is empty at this node's, of whom nobody has said where they
	// wait.
	Point record.PointName
	Site  record.SiteID
	Help  record.Help
	// How says where it was said: "command", "screen".
	How string
}

// HearRequest is what was heard from those who wait.
type HearRequest struct {
	Point record.PointName
	Site  record.SiteID
	// Count is how many they say they are; zero: they have read what they were told.
	Count int
	How   string
	// Seen is the call that was before their eyes, the zero one for none. Nil: all
	// that this node knows of.
	Seen *record.EventID
	// Starts are as in MarkRequest.
	Starts []record.EvacID
}

// again is for how long what is heard here from a refuge a second time, with the
// same in it and nothing said in between, is not written anew: an impatient finger.
const again = 10 * time.Second

// Talk is what has been said to and from a refuge in what runs, as this node knows
// it; false where nothing has been.
func (s *Service) Talk(p record.PointName, site record.SiteID) (record.Talk, bool) {
	return s.talk(s.refuge(p, site), nil)
}

func (s *Service) refuge(p record.PointName, site record.SiteID) record.RefugeAt {
	if site == "" {
		site = s.cfg.Place().Site
	}
	return record.RefugeOf(p, site)
}

func (s *Service) talk(at record.RefugeAt, starts []record.EvacID) (record.Talk, bool) {
	e, on := s.Running(at.Site)
	if !on && len(starts) > 0 {
		e = record.Evacuation{Starts: []record.Start{{ID: starts[0]}}}
	}
	all := s.cfg.Replica.Calls().In(e)
	i := slices.IndexFunc(all, func(t record.Talk) bool { return t.RefugeAt == at })
	if i < 0 {
		return record.Talk{RefugeAt: at}, false
	}
	return all[i], true
}

// Tell says to those who wait at a refuge what they are to know. It stands
// instead of what this node had heard that they were told, and of nothing else.
// Errors: *Problem, ErrNotCovered, the Barred one.
func (s *Service) Tell(ctx context.Context, r TellRequest) (record.Talk, error) {
	if !r.Help.Valid() {
		return record.Talk{}, errNoHelp
	}
	e := record.Event{Kind: record.RefugeTold, Help: r.Help, How: r.How}
	return s.call(ctx, r.Point, r.Site, nil, e, "refuge."+string(r.Help), func(t record.Talk) []record.EventID { return t.Calls.Latest(nil) })
}

// Hear takes down what was heard from those who wait. Errors: as of Tell.
func (s *Service) Hear(ctx context.Context, r HearRequest) (record.Talk, error) {
	if r.Count < 0 || r.Count > record.MaxHeard {
		return record.Talk{}, errNoCount
	}
	if t, ok := s.talk(s.refuge(r.Point, r.Site), r.Starts); ok && t.Heard.By() == s.cfg.Node && t.Heard.Count == r.Count && t.Heard.ID == t.Calls[len(t.Calls)-1].ID {
		if since := s.cfg.Now().Sub(t.Heard.At.Time()); since.Abs() < again {
			return t, cause(s.cfg.Replica.Sync())
		}
	}
	e := record.Event{Kind: record.RefugeHeard, Count: uint32(r.Count), How: r.How}
	return s.call(ctx, r.Point, r.Site, r.Starts, e, "refuge.heard", func(t record.Talk) []record.EventID { return t.Calls.Latest(r.Seen) })
}

// call writes a call and returns the talk with it.
func (s *Service) call(ctx context.Context, p record.PointName, site record.SiteID, starts []record.EvacID, e record.Event, what string, over func(record.Talk) []record.EventID) (record.Talk, error) {
	if err := s.cfg.Barred(); err != nil {
		return record.Talk{}, err
	}
	point, err := checkedPoint(p)
	if err != nil {
		return record.Talk{}, err
	}
	if err := s.checkSite(site); err != nil {
		return record.Talk{}, errNotThere
	}
	at := s.refuge(point, site)
	runs, on := s.Running(at.Site)
	if !on && len(starts) == 0 {
		return record.Talk{}, ErrNotCovered
	}
	was, _ := s.talk(at, starts)
	e.Point, e.Place, e.Starts, e.Over = point, s.cfg.Place(), s.starts(starts), over(was)
	if point == "" {
		e.Place = record.Place{Site: at.Site}
	}
	if _, err := s.write(ctx, crdt.Draft{Event: &e}); err != nil {
		return record.Talk{}, fmt.Errorf("call a refuge: %w", err)
	}
	s.cfg.Record(what, record.VisitID{}, runs.ID.String())
	now, _ := s.talk(at, starts)
	return now, nil
}
