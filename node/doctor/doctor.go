// Package doctor says what is wrong with a node, in words, and what to do
// about it. It is rules over facts: who gathers the facts, and where they come
// from, is not its business, and it changes nothing.
//
// Invariant: what it says holds no personal data, only names of nodes, sites
// and files.
package doctor

import (
	"cmp"
	"slices"
	"time"
)

// Severity says who should care.
type Severity string

const (
	// Notice: good to know; nothing needs doing now.
	Notice Severity = "notice"
	// Warning: somebody should look at it soon.
	Warning Severity = "warning"
	// Fault: a promise is broken or about to be; somebody has to act.
	Fault Severity = "fault"
)

// Finding is one thing that is not as it should be.
type Finding struct {
	// Code is stable, for programs.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Node is the node that it is about.
	Node string `json:"node,omitempty"`
	// What happened, what it Means, and what to Do; each one sentence or two.
	What  string `json:"what"`
	Means string `json:"means"`
	Do    string `json:"do"`
}

// Report is all findings about a node, the worst first.
type Report struct {
	// Healthy: nothing that needs a person.
	Healthy  bool      `json:"healthy"`
	Running  bool      `json:"running"`
	Node     string    `json:"node"`
	Findings []Finding `json:"findings"`
}

// NewReport puts findings in order.
func NewReport(node string, running bool, findings []Finding) Report {
	r := Report{Healthy: true, Running: running, Node: node, Findings: append([]Finding{}, findings...)}
	rank := map[Severity]int{Fault: 0, Warning: 1, Notice: 2}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	for _, f := range r.Findings {
		r.Healthy = r.Healthy && f.Severity == Notice
	}
	return r
}

// Facts are what is known of a running node.
type Facts struct {
	Now time.Time
	// Name, Role and Site are this node's.
	Name, Role, Site string
	// Started is when this run began.
	Started time.Time
	// Barred: this node has been revoked.
	Barred bool
	// Ready: it knows the campus's keys and so can check people in.
	Ready bool
	// Failed is why nothing can be saved; empty when it can.
	Failed string
	Disk   Disk
	// Listen are the addresses at which other nodes reach it.
	Listen []string
	// Book is the number of others with a known address.
	Book int
	// WebUntil is when the certificate of the screens ends; zero where there
	// is none.
	WebUntil time.Time
	// Cloned: another machine runs with this node's identity.
	Cloned bool
	// LostFrom and LostTo are the times between which this node lacks what it had
	// acknowledged itself, as others remember it; a zero LostTo says that it lacks
	// nothing. Gone: none of the others has it.
	LostFrom, LostTo time.Time
	Gone             bool
	// Jumped is how far this machine's clock has jumped since the start.
	Jumped time.Duration
	// Crashed is when a run of this node last ended by its own fault, if that
	// was lately.
	Crashed time.Time
	// Issuers is the number of members in good standing that may let nodes in.
	Issuers int
	Records int
	// KeysUntil is the last date for which both audiences have a key to seal to;
	// zero: not known.
	KeysUntil time.Time
	// Vault is what became of the vault file.
	Vault Vault
	// WatchBlind: there is a watch list, and this entrance holds none of it.
	WatchBlind bool
	// Bare: this device asks for a PIN and none has been chosen; InClear is how
	// many private keys it holds nevertheless.
	Bare    bool
	InClear int
	// Expiry is what keys of past dates wait for.
	Expiry Expiry
	// Unknown is since when it is not known here whether all erasures have
	// been heard of; zero when they have.
	Unknown time.Time
	// Cases are those of persons' rights that are open.
	Cases   Cases
	Kept    Kept
	Notices Notices
	Members []Member
	Poison  []Poison
	// LastDrill is the day of the last drill, zero where none is known; Founded
	// since when there could have been one, and DrillEvery after how many days
	// without that is said, 0 for never.
	LastDrill, Founded time.Time
	DrillEvery         int
	// Copied is how many operators have a passkey whose counter has said less than
	// before.
	Copied int
	// Points is how many muster points there are for this node's site.
	Points   int
	Triggers Triggers
	Printer  Printer
	// Labels are the printers of badges, told of as Printer is.
	Labels Printer
	Feeds  Feeds
}

// Vault says since when the vault file of this node is missing, zero where it
// is not; how many keys that it should hold are lacking, and how many of these
// have not been replaced.
type Vault struct {
	Missing           time.Time
	Lacking, Standing int
	// Untidy is why keys that were replaced lie on the disk still.
	Untidy string
}

// Expiry is how many dates are past whose keys have not been destroyed, since
// which one, and why: "contradicted", "jumped" or "running", as node/expiry has
// it.
type Expiry struct {
	Waiting int
	Since   time.Time
	Why     string
}

// Disk is how the disk does. Zeros where it is not known.
type Disk struct {
	Fsyncs      uint64
	FsyncP99    time.Duration
	Free, Floor uint64
}

// Member is another node as it is seen from this one.
type Member struct {
	ID, Name, Role, Site string
	Revoked              bool
	Connected            bool
	Via                  string
	// LastHeard and AsOf are zero when it was never heard of.
	LastHeard, AsOf time.Time
	// Behind is how many entries it has announced that are missing here; Older
	// that others are missing which were not counted.
	Behind uint64
	Older  bool
	// Lacks is how many entries are held here that it did not hold when it was
	// last compared; LacksSince is since when it has taken nothing more of some,
	// zero while it catches up.
	Lacks      uint64
	LacksSince time.Time
	// Offset is its clock minus ours, if Measured.
	Offset   time.Duration
	Measured bool
	Cloned   bool
	// LostFrom and LostTo are the times between which it lost what it had
	// acknowledged; a zero LostTo says that it lost nothing.
	LostFrom, LostTo time.Time
	// CutUntil is when a drill restores the link to it; zero where none has cut
	// it.
	CutUntil time.Time
	// Waiting is what waits to be sent to it, Limit what may.
	Waiting, Limit int
	// Refused counts what was refused of it, by reason.
	Refused map[string]uint64
}

// Poison is a change that ended the process. Author is a name, or empty.
type Poison struct{ Author, Doc string }
