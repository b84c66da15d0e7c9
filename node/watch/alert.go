package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Outcome is what came of an alert. It is one of a few words: a text of one's own
// would be about a person, on record, and in no erasure's reach.
type Outcome string

// The outcomes.
const (
	// LetIn and TurnedAway: it is them.
	LetIn      Outcome = "let_in"
	TurnedAway Outcome = "turned_away"
	// Other: it is somebody else.
	Other Outcome = "other"
	// NotFound: nobody could be asked any more.
	NotFound Outcome = "not_found"
)

// Outcomes are all of them. The caller may not change the slice.
func Outcomes() []Outcome { return outcomes }

var outcomes = []Outcome{Other, LetIn, TurnedAway, NotFound}

// Found is one entry that somebody may be.
type Found struct {
	Entry Entry
	By    []By
}

// Strong reports whether what they have in common names one person.
func (f Found) Strong() bool { return slices.ContainsFunc(f.By, By.Strong) }

// Answer is what an operator said of an alert.
type Answer struct {
	Outcome Outcome
	By      string
	Node    record.NodeID
	At      time.Time
}

// Alert is that somebody who came, or who is expected, may be on the list.
type Alert struct {
	// Visit is the visit, or the invitation where Expected says so.
	Visit    record.VisitID
	Expected bool
	// At is since when they are here, or are expected.
	At    time.Time
	Place record.Place
	// Open: they are inside, or expected still.
	Open bool
	// Wait: they were asked to wait for the reception.
	Wait  bool
	Found []Found
	// Answer is the last; nil: nobody has answered since the newest entry was made.
	Answer *Answer
}

// Strong reports whether one of the entries matches by what names one person.
func (a Alert) Strong() bool { return slices.ContainsFunc(a.Found, Found.Strong) }

// newest is when the newest of its entries was made.
func (a Alert) newest() (at time.Time) {
	for _, f := range a.Found {
		if f.Entry.Added.After(at) {
			at = f.Entry.Added
		}
	}
	return at
}

// Seen is somebody as alerts see them: who they are, since when they are here, and
// what the door said.
type Seen struct {
	Person
	Expected bool
	At       time.Time
	Place    record.Place
	Open     bool
	Matches  []record.Match
}

// alert compares somebody with entries. Who has left is compared with those alone
// that were made before they came: nobody looks up in old visits who might have
// been somebody. It depends on what it is given alone.
func alert(v record.VisitID, s Seen, list []Entry, home string) (Alert, bool) {
	a := Alert{Visit: v, Expected: s.Expected, At: s.At, Place: s.Place, Open: s.Open}
	for _, e := range list {
		if !s.Open && s.At.Before(e.Added) {
			continue
		}
		by := e.Match(s.Person, home)
		for _, m := range s.Matches {
			if m.Entry != e.ID {
				continue
			}
			a.Wait = a.Wait || m.Wait
			if w := By(m.By); !slices.Contains(by, w) {
				by = append(by, w)
			}
		}
		if len(by) > 0 {
			a.Found = append(a.Found, Found{e, by})
		}
	}
	slices.SortStableFunc(a.Found, func(x, y Found) int {
		return -cmp.Compare(map[bool]int{true: 1}[x.Strong()], map[bool]int{true: 1}[y.Strong()])
	})
	return a, len(a.Found) > 0
}

// inOrder has what nobody has answered first, and the newest first.
func inOrder(all []Alert) []Alert {
	slices.SortFunc(all, func(a, b Alert) int {
		if (a.Answer == nil) != (b.Answer == nil) {
			return map[bool]int{true: -1, false: 1}[a.Answer == nil]
		}
		return cmp.Or(b.At.Compare(a.At), slices.Compare(a.Visit[:], b.Visit[:]))
	})
	return all
}
