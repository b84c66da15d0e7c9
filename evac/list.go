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
)

// Scope says who is counted.
const Scope = "visitors"

// List says who may be inside. It is a snapshot: the caller may keep and
// change it. Personal data in it prints as [withheld]; JSON reveals it.
type List struct {
	AsOf      time.Time
	Site      record.SiteID // empty: the whole campus
	Entrances []Door
	People    []Person
	Counts    Counts
}

// Person is one line of the list.
type Person struct {
	Visit record.VisitID
	Badge record.BadgeCode
	State State
	// Zone is where the person was last seen: a zone or, where there is none,
	// an entrance or a site. Empty when nobody knows.
	Zone string
	// Opened reports whether the card could be read; the four below are empty
	// when not.
	Opened                      bool
	Name, Company, Host, Assist record.Private
	// Since is when the visit began.
	Since time.Time
	// Door is the node that last saw the person.
	Door record.NodeID
	// Doubtful: the badge is shared, and a check-out by code alone could not
	// be given to one of its bearers.
	Doubtful bool
	// NotSure: the person may be elsewhere than the list says. DESIGN.md says
	// when.
	NotSure bool
}

// Counts count people. Inside, ProbablyLeft and Unconfirmed add up to Total;
// NotSure cuts across them.
type Counts struct {
	Inside       int `json:"inside"`
	ProbablyLeft int `json:"probably_left"`
	Unconfirmed  int `json:"unconfirmed"`
	Total        int `json:"total"`
	NotSure      int `json:"not_sure"`
}

// inDoubt reports whether it is in doubt that the person is inside at all,
// however good the news.
func (p Person) inDoubt() bool { return p.Doubtful || p.State == Unconfirmed }
