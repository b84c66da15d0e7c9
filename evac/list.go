package evac

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// State says where a person on the list stands.
type State string

const (
	// Inside: arrived, and no evidence of leaving.
	Inside State = "inside"
	// ProbablyLeft: only the clock has signed the person out.
	ProbablyLeft State = "probably_left"
	// Unconfirmed: seen, but no arrival that counts is known here.
	Unconfirmed State = "unconfirmed"
	// Safe, Refuge and Missing: somebody has marked the person so during the
	// evacuation that runs. One who is marked inside is Inside.
	Safe    State = "safe"
	Refuge  State = "refuge"
	Missing State = "missing"
	// Left: there is evidence that the person left since the evacuation began.
	Left State = "left"
)

// Scope says who is counted.
type Scope string

const (
	// ScopeVisitors: visits; of staff nothing is known.
	ScopeVisitors Scope = "visitors"
	// ScopeStaff: visits and the staff of whom the house is told.
	ScopeStaff Scope = "visitors and staff"
)

// staff is the visit type by which staff are fed in.
const staff = "staff"

// List says who may be inside. It is a snapshot: the caller may keep and
// change it. Personal data in it prints as [withheld]; JSON reveals it.
type List struct {
	AsOf  time.Time
	Site  record.SiteID // empty: the whole campus
	Scope Scope
	// Feeds are what tells of staff, the silent ones first; none: staff are counted
	// where somebody checks them in, or not at all.
	Feeds     []Feed
	Entrances []Door
	People    []Person
	Counts    Counts
	// Joined are, by the visit on the list, those that turned out to be the same
	// person.
	Joined map[record.VisitID][]record.VisitID
	// Standing are, by the visit on the list, the marks and departures that
	// nothing stands instead of: what a mark stands instead of that is made by
	// whoever reads this list.
	Standing map[record.VisitID][]record.EventID
	// Evacuation is the one that concerns Site; nil at rest.
	Evacuation *record.Evacuation
	Names      Names
	// Locked: names are locked on this device, whatever else keeps them from
	// being shown.
	Locked bool
	// Unknown is since when it is not known here which names have been erased;
	// zero: it is known.
	Unknown time.Time
}

// Names says whether names are on a list.
type Names string

const (
	// NamesShown: those that can be opened are.
	NamesShown Names = "shown"
	// NamesDuringEvacuation: some or all would be, did an evacuation or drill
	// cover them.
	NamesDuringEvacuation Names = "during_evacuation"
	// NamesAsking: in a few seconds, when other nodes have said which have been
	// erased.
	NamesAsking Names = "asking"
	// NamesLocked: some or all would be, were this device's PIN given.
	NamesLocked Names = "locked"
	// NamesWithheld: not on this node, or not to this reader.
	NamesWithheld Names = "withheld"
)

// stronger is the reason of two that is told: the one that comes first in what
// a reader can do about it.
func stronger(a, b Names) Names {
	for _, n := range []Names{NamesLocked, NamesAsking, NamesDuringEvacuation} {
		if a == n || b == n {
			return n
		}
	}
	return a
}

// Person is one line of the list.
type Person struct {
	// Visit is zero where nothing is known but marks on a badge code.
	Visit record.VisitID
	Badge record.BadgeCode
	State State
	// Type is the type of visitor, by its id: "contractor".
	Type string
	// Zone is where the person was last seen: a zone or, where there is none,
	// an entrance or a site. Empty when nobody knows.
	Zone string
	// Site is where that is; empty when nobody knows.
	Site record.SiteID
	// Opened reports whether the card could be read; the four below are empty
	// when not.
	Opened                      bool
	Name, Company, Host, Assist record.Private
	// Since is when the visit began.
	Since time.Time
	// LeftAt is the time of the evidence of leaving, where State is Left.
	LeftAt time.Time
	// Door is the node that last saw the person.
	Door record.NodeID
	// MarkedBy is the name of the node whose mark stands, MarkedAt when and
	// Point where it was made; empty where none stands.
	MarkedBy string
	MarkedAt time.Time
	Point    record.PointName
	// PointKnown is false for a point that nobody has set up.
	PointKnown bool
	// How says in a word what State rests on: "kiosk", "command", "qr".
	How string
	// Added: the person was not on the list, and somebody told of them.
	Added bool
	// Doubtful: the badge is shared, and a check-out or a mark by code alone
	// could not be given to one of its bearers.
	Doubtful bool
	// Disputed: two that had not heard of each other say different things of
	// the person. State is the more dangerous.
	Disputed bool
	// NotSure: the person may be elsewhere than the list says. DESIGN.md says
	// when.
	NotSure bool
}

// Counts count people. The states add up to Total; NotSure cuts across them.
type Counts struct {
	Inside       int `json:"inside"`
	Missing      int `json:"missing"`
	Refuge       int `json:"refuge"`
	Unconfirmed  int `json:"unconfirmed"`
	ProbablyLeft int `json:"probably_left"`
	Safe         int `json:"safe"`
	Left         int `json:"left"`
	Total        int `json:"total"`
	NotSure      int `json:"not_sure"`
}

// Accounted are those of whom it is known that they are out of danger.
func (c Counts) Accounted() int { return c.Safe + c.Left }

// accounted reports whether it is known of the person that they are out of
// danger.
func (p Person) accounted() bool { return p.State == Safe || p.State == Left }

// inDoubt reports whether it is in doubt where the person is at all, however
// good the news.
func (p Person) inDoubt() bool { return p.Doubtful || p.Disputed || p.State == Unconfirmed }
