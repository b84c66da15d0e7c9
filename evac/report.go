package evac

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// ErrNoEvacuation means that no evacuation or drill is known here that was
// asked for.
var ErrNoEvacuation = errors.New("no such evacuation or drill")

// Report is what happened in one evacuation or drill. It holds ids and times,
// and no name.
type Report struct {
	Evacuation record.Evacuation
	Ended      time.Time // zero: it runs
	Reason     string
	AsOf       time.Time
	Scope      Scope
	// Feeds are what tells of staff now.
	Feeds []Feed
	// Counts are where everybody stood at the end, or stands now.
	Counts Counts
	// AtStart is how many were on the list when it began.
	AtStart int
	// Found are when those of them who are accounted for were, in order.
	Found     []time.Time
	Accounted []Share
	Within    []Within
	Timeline  []Moment
	Points    []PointCount
	// Missed are those who were missing from the list and were added.
	Missed []MissedPerson
	// Gone are those of whom somebody spoke who had not heard that a door had
	// let them out before it began: the list had them although they had left.
	Gone []GonePerson
	// Silent are the nodes of which not everything until the end is known here.
	Silent []Door
	Sweeps []Swept
	// Refuges are all that was said to and from refuges, in order of time.
	Refuges []RefugeSaid
	// Courses are how the news of entrances went, as this node saw it, and Lost
	// those that fell silent meanwhile; none where this node did not run.
	Courses []Course
	Lost    []Lost
}

// Share says when a share of those on the list at the start were safe or had
// left; At is zero where that was not reached.
type Share struct {
	Percent int
	At      time.Time
	After   time.Duration
}

// Within says how many of those were so within some minutes.
type Within struct{ Minutes, People int }

// Moment is one mark, or one departure, in order of time.
type Moment struct {
	At    time.Time
	Visit record.VisitID
	Badge record.BadgeCode
	State State
	Point record.PointName
	By    string
}

// PointCount is how many are safe at one muster point.
type PointCount struct {
	Point record.PointName
	Known bool
	Safe  int
}

// MissedPerson was added, and is Joined to a visit where one was found.
type MissedPerson struct {
	Visit, Joined record.VisitID
	At            time.Time
}

// GonePerson had left at LeftAt by Node.
type GonePerson struct {
	Visit  record.VisitID
	LeftAt time.Time
	Node   string
}

// RefugeSaid is one thing that was said to those who wait at a refuge, or by them.
type RefugeSaid struct {
	record.RefugeAt
	Told
}

// Swept is the last that was said of a zone.
type Swept struct {
	Site  record.SiteID
	Zone  record.ZoneID
	Clear bool
	At    time.Time
	By    string
}

// Report is the report of the evacuation that bears an id, or, where that is
// zero, of the latest that concerns a site, or any where site is empty. Errors:
// ErrNoEvacuation, those of the disk.
func (s *Service) Report(id record.EvacID, site record.SiteID) (Report, error) {
	all := s.cfg.House.Evacuations().Each(site)
	i := len(all) - 1
	if !id.IsZero() {
		i = slices.IndexFunc(all, func(e record.Evacuation) bool { return slices.Contains(e.IDs(), id) })
	}
	if i < 0 {
		return Report{}, ErrNoEvacuation
	}
	in := Input{
		Entrances: s.cfg.House.Entrances(), Evacuations: s.cfg.House.Evacuations(), KnownPoint: s.cfg.KnownPoint, Now: s.cfg.House.Now(), Site: site, Feeds: s.cfg.House.Feeds(), Calls: s.cfg.House.Calls(),
	}
	var err error
	if in.Samples, err = s.cfg.House.Samples(all[i].Starts[0].At.Time()); err != nil {
		return Report{}, fmt.Errorf("write report: %w", err)
	}
	err = s.cfg.House.Visits(func(p record.Presence) error {
		in.Presences = append(in.Presences, p)
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("write report: %w", err)
	}
	return FoldReport(in, all[i], s.cfg.House.Sweeps()), nil
}

// FoldReport makes the report of an evacuation from all presences that are
// retained. It depends on the sets alone.
func FoldReport(in Input, e record.Evacuation, sweeps record.Sweeps) Report {
	r := Report{Evacuation: e, AsOf: in.Now.UTC().Truncate(time.Millisecond), Scope: ScopeVisitors}
	end := record.HLCOf(in.Now)
	if over := e.Ended(); over != 0 {
		end, r.Ended = over, over.Time()
		for _, s := range e.Starts {
			if s.Ended == over {
				r.Reason = s.Reason
			}
		}
	}
	in.Now = r.AsOf
	if r.Feeds = in.feeds(); len(r.Feeds) > 0 {
		r.Scope = ScopeStaff
	}
	j := newJudge(in)
	j.only(e)
	all := make([]record.Presence, 0, len(in.Presences))
	for _, p := range in.Presences {
		if began := cmp.Or(p.Since, p.Seen.At); e.Ended() != 0 && began > end && !p.MarkedIn(e) {
			continue // came when it was over
		}
		all = append(all, asOf(p, end))
	}
	known, spare := doors(in)
	points := map[record.PointName]int{}
	var found []time.Time
	for _, b := range bearers(all) {
		if b.staff() {
			r.Scope = ScopeStaff
		}
		if !b.held(in) || !slices.ContainsFunc(b, func(p record.Presence) bool { return j.concerns(p.Seen.Place.Site) != nil }) {
			continue
		}
		r.faults(b, e, j)
		q, _, listed := j.person(b)
		if !listed {
			continue
		}
		if d, ok := spare[q.Door]; ok {
			known[q.Door] = d
		}
		r.Counts.add(q)
		if q.State == Safe {
			points[q.Point]++
		}
		moments := j.moments(b)
		r.Timeline = append(r.Timeline, moments...)
		if b.listedAt(e.At) {
			r.AtStart++
			if q.accounted() {
				found = append(found, since(moments, q))
			}
		}
	}
	r.shares(found)
	for p, n := range points {
		r.Points = append(r.Points, PointCount{p, p == "" || in.KnownPoint == nil || in.KnownPoint(p), n})
	}
	for _, d := range known {
		if behind := d.CompleteAsOf.Before(end.Time()); d.News != Here && (!r.Ended.IsZero() && behind || r.Ended.IsZero() && !d.News.UpToDate()) {
			r.Silent = append(r.Silent, *d)
		}
	}
	for _, s := range sweeps.In(e) {
		if in.holds(s.Place.Site) {
			r.Sweeps = append(r.Sweeps, Swept{s.Place.Site, s.Place.Zone, s.Clear, s.At.Time(), j.name(s.By())})
		}
	}
	say := speakers(in.Entrances)
	for _, c := range in.Calls.Of(e) {
		if at := record.RefugeOf(c.Point, c.Place.Site); at.Point != "" || in.holds(at.Site) {
			r.Refuges = append(r.Refuges, RefugeSaid{at, say(c)})
		}
	}
	began := e.At
	for _, s := range e.Starts {
		began = min(began, s.At)
	}
	r.Courses, r.Lost = in.course(began.Time(), end.Time())
	r.order()
	return r
}

// faults notes where the list was wrong about somebody.
func (r *Report) faults(b bearer, e record.Evacuation, j judge) {
	over := e.Ended()
	for _, p := range b {
		if p.Added && p.Seen.At >= e.At && (over == 0 || p.Seen.At <= over) {
			r.Missed = append(r.Missed, MissedPerson{p.Visit, p.Joined, p.Seen.At.Time()})
		}
		if p.Left.IsZero() || p.Left.At >= e.At || p.Added {
			continue
		}
		counting := p.Counting(e)
		knew := slices.ContainsFunc(counting, func(m record.MarkFact) bool { return slices.Contains(m.Over, p.Left.ID) })
		if len(counting) > 0 && !knew {
			r.Gone = append(r.Gone, GonePerson{p.Visit, p.Left.At.Time(), j.name(p.Left.By())})
		}
	}
}

// shares says when how many of those on the list at the start were found.
func (r *Report) shares(found []time.Time) {
	slices.SortFunc(found, time.Time.Compare)
	r.Found = found
	began := r.Evacuation.At.Time()
	for _, percent := range []int{50, 90, 100} {
		s := Share{Percent: percent}
		if n := (r.AtStart*percent + 99) / 100; n > 0 && n <= len(found) {
			s.At = found[n-1]
			s.After = max(0, s.At.Sub(began))
		}
		r.Accounted = append(r.Accounted, s)
	}
	for _, minutes := range []int{5, 15} {
		w := Within{Minutes: minutes}
		for _, at := range found {
			if at.Sub(began) <= time.Duration(minutes)*time.Minute {
				w.People++
			}
		}
		r.Within = append(r.Within, w)
	}
}

func (r *Report) order() {
	slices.SortFunc(r.Timeline, func(a, b Moment) int {
		return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.Visit[:], b.Visit[:]), cmp.Compare(a.Badge, b.Badge), cmp.Compare(a.State, b.State), cmp.Compare(a.By, b.By), cmp.Compare(a.Point, b.Point))
	})
	slices.SortFunc(r.Points, func(a, b PointCount) int { return cmp.Compare(a.Point, b.Point) })
	slices.SortFunc(r.Missed, func(a, b MissedPerson) int { return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.Visit[:], b.Visit[:])) })
	slices.SortFunc(r.Gone, func(a, b GonePerson) int {
		return cmp.Or(a.LeftAt.Compare(b.LeftAt), bytes.Compare(a.Visit[:], b.Visit[:]))
	})
	slices.SortFunc(r.Silent, func(a, b Door) int { return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.Node[:], b.Node[:])) })
}
