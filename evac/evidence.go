package evac

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// ErrNobody means that nothing is known of the code that was given.
var ErrNobody = errors.New("nothing is known of this code")

// Evidence is all that is known of where a person was. It holds no name.
type Evidence struct {
	Visit record.VisitID // zero: nothing but a badge code is known
	Badge record.BadgeCode
	// State is as on the list of the campus; empty for who is not on it.
	State State
	// Said is in order of time.
	Said []Said
}

// Said is one thing that was written of a person.
type Said struct {
	At    time.Time
	What  string
	Visit record.VisitID
	// Node is the name of the node that wrote it.
	Node  string
	Place string
	How   string
	Mark  record.Mark
	Point record.PointName
	// Other is the visit that who was added turned out to be.
	Other record.VisitID
	// SaidAt is when the device on which a mark was made, or the system that tells
	// of staff, says that it was, by its own clock; zero where none does.
	SaidAt time.Time
	// Void: it was taken back since. Late: a revoked node wrote it too late, and
	// it does not count.
	Void, Late bool
}

// words are what is told of each kind of event; others are passed over.
var words = map[record.Kind]string{
	record.Arrived: "arrived", record.Left: "left", record.Moved: "seen", record.TimedOut: "timed_out",
	record.Corrected: "undone", record.Carried: "carried", record.Marked: "marked", record.Added: "added", record.Joined: "joined",
}

// Evidence is all that is known of the bearer of a badge, and of the visits
// that were joined with theirs. Errors: ErrNobody, those of the disk.
func (s *Service) Evidence(code record.Code) (Evidence, error) {
	out := Evidence{Visit: code.Visit, Badge: code.Badge}
	open := s.known()
	l := Fold(Input{Presences: open, Entrances: s.cfg.House.Entrances(), Evacuations: s.cfg.House.Evacuations(), Now: s.cfg.House.Now()})
	for _, p := range l.People {
		same := p.Visit == code.Visit && !p.Visit.IsZero() || code.Visit.IsZero() && p.Badge == code.Badge
		if same || slices.ContainsFunc(l.Joined[p.Visit], func(v record.VisitID) bool { return v == code.Visit || code.Visit.IsZero() && v.Badge() == code.Badge }) {
			out.State = p.State
			if code.Visit.IsZero() {
				out.Visit = p.Visit
			}
			break
		}
	}
	names := newJudge(Input{Entrances: s.cfg.House.Entrances()})
	seen := map[record.BadgeCode]bool{}
	next := []record.BadgeCode{code.Badge}
	for len(next) > 0 {
		b := next[0]
		next = next[1:]
		if seen[b] {
			continue
		}
		seen[b] = true
		said, err := s.cfg.House.Evidence(b)
		if err != nil {
			return out, fmt.Errorf("read evidence: %w", err)
		}
		all := lines(said, names)
		if b == code.Badge && !code.Visit.IsZero() {
			all = slices.DeleteFunc(all, func(x Said) bool { return !x.Visit.IsZero() && x.Visit != code.Visit })
		}
		for _, x := range all {
			if !x.Other.IsZero() {
				next = append(next, x.Other.Badge())
			}
		}
		for _, p := range open {
			if !p.Joined.IsZero() && p.Joined.Badge() == b {
				next = append(next, p.Badge())
			}
		}
		out.Said = append(out.Said, all...)
	}
	if len(out.Said) == 0 {
		return out, ErrNobody
	}
	slices.SortStableFunc(out.Said, func(a, b Said) int { return a.At.Compare(b.At) })
	return out, nil
}

// lines are what was said of one badge, in words.
func lines(events []record.Stated, j judge) (out []Said) {
	void := map[record.EventID]bool{}
	undone := map[record.OnceID]bool{}
	for _, e := range events {
		if e.Event.Kind == record.Corrected && e.Event.Of != nil && e.Standing == record.Counted {
			void[*e.Event.Of] = true
		}
	}
	for _, e := range events {
		if void[e.ID] && e.Event.Kind == record.Marked && !e.Event.Once.IsZero() {
			undone[e.Event.Once] = true
		}
	}
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b record.Stated) int {
		return cmp.Or(cmp.Compare(a.Event.At, b.Event.At), a.ID.Compare(b.ID))
	})
	for _, e := range events {
		x := e.Event
		what, known := words[x.Kind]
		if !known {
			continue
		}
		if x.Kind == record.Joined && x.Other.IsZero() {
			what = "apart"
		}
		var saidAt time.Time
		if x.Said != 0 && (x.Kind == record.Marked || x.How == record.HowFed) {
			saidAt = x.Said.Time()
		}
		out = append(out, Said{
			SaidAt: saidAt,
			At:     x.At.Time(), What: what, Visit: x.Visit, Node: j.name(e.ID.Actor.Node()), How: x.How, Mark: x.Mark, Point: x.Point, Other: x.Other,
			Place: cmp.Or(string(x.Place.Entrance), string(x.Place.Zone), string(x.Place.Site)),
			Void:  void[e.ID] || x.Kind == record.Marked && undone[x.Once], Late: e.Standing != record.Counted,
		})
	}
	return out
}

type wireEvidence struct {
	Visit *record.VisitID  `json:"visit"`
	Badge record.BadgeCode `json:"badge"`
	State *string          `json:"state"`
	Said  []wireSaid       `json:"said"`
}

type wireSaid struct {
	At stamp `json:"at"`
	// SaidAt is null where no device says another time.
	SaidAt stamp           `json:"said_at"`
	What   string          `json:"what"`
	Visit  *record.VisitID `json:"visit"`
	Node   string          `json:"node"`
	Place  string          `json:"place"`
	How    *string         `json:"how"`
	Mark   *string         `json:"mark"`
	Point  *string         `json:"point"`
	Other  *record.VisitID `json:"other"`
	Void   bool            `json:"void"`
	Counts bool            `json:"counts"`
}

func (e Evidence) wire() wireEvidence {
	w := wireEvidence{Visit: visitOrNone(e.Visit), Badge: e.Badge, State: word(e.State), Said: make([]wireSaid, len(e.Said))}
	for i, s := range e.Said {
		w.Said[i] = wireSaid{
			At: stamp(s.At), SaidAt: stamp(s.SaidAt), What: s.What, Visit: visitOrNone(s.Visit), Node: s.Node, Place: s.Place, How: word(s.How), Mark: word(s.Mark),
			Point: word(s.Point), Other: visitOrNone(s.Other), Void: s.Void, Counts: !s.Late,
		}
	}
	return w
}

// visitOrNone is the visit, or nil for none.
func visitOrNone(v record.VisitID) *record.VisitID {
	if v.IsZero() {
		return nil
	}
	return &v
}
