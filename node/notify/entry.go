package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// ID names an entry of the outbox by what it is about, so that the same is
// never in it twice.
type ID [16]byte

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// idOf is the id of what is about these.
func idOf(kind Kind, channel string, about ...[]byte) ID {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", kind, channel)
	for _, b := range about {
		h.Write(b)
	}
	return ID(h.Sum(nil)[:16])
}

// Kind says what an entry is for.
type Kind string

const (
	// HostKind: a host is told of an arrival.
	HostKind Kind = "host"
	// AlarmKind: somebody inside is told of an alarm.
	AlarmKind Kind = "alarm"
	// InviteKind: somebody who is invited is told, or told that it is off; or whom a
	// delivery is for.
	InviteKind Kind = "invitation"
	// RemindKind: a host is asked whether a visitor is still there.
	RemindKind Kind = "reminder"
	// WatchKind: the reception is told to look at the desk's page.
	WatchKind Kind = "watch"
	// OwnKind: somebody has asked for a link to the page of their visit.
	OwnKind Kind = "own"
	// DeskKind: somebody at a desk has a word for a visitor, or for their host.
	DeskKind Kind = "desk"
	// HookKind: another system is told by ids.
	HookKind Kind = "hook"
)

// State says how far an entry is.
type State string

const (
	// Draft: its visit is not durable yet.
	Draft State = "draft"
	// Pending: to be sent.
	Pending State = "pending"
	// Sent: the channel has taken it.
	Sent State = "sent"
	// Failed: given up.
	Failed State = "failed"
	// Over: what it was about was over before it was sent.
	Over State = "over"
	// Handed: another node sends it.
	Handed State = "handed"
)

func (s State) active() bool { return s == Draft || s == Pending }

// Entry is one thing to be told. It holds no personal data in clear: what has
// to be known to send it is in Box, or in the dossier of its visit.
type Entry struct {
	ID      ID             `json:"-"`
	Kind    Kind           `json:"kind"`
	Channel string         `json:"channel"`
	Visit   record.VisitID `json:"visit,omitzero"`
	Start   record.EvacID  `json:"start,omitzero"`
	Drill   bool           `json:"drill,omitempty"`
	State   State          `json:"state"`
	Tries   int            `json:"tries,omitempty"`
	Made    time.Time      `json:"made"`
	// Next is when it is tried next, Until when it is given up, Done when its
	// state became what it is for good.
	Next  time.Time `json:"next"`
	Until time.Time `json:"until"`
	Done  time.Time `json:"done,omitzero"`
	// Why the last try failed, in a word.
	Why string `json:"why,omitempty"`
	// Box is the locked letter of a HostKind, an InviteKind, an OwnKind, a RemindKind, a WatchKind or a DeskKind.
	Box []byte `json:"box,omitempty"`
	// Event is what a HookKind tells of, Site and Door where it was.
	Event string            `json:"event,omitempty"`
	Site  record.SiteID     `json:"site,omitempty"`
	Door  record.EntranceID `json:"door,omitempty"`
	// At is when that was.
	At time.Time `json:"at,omitzero"`
	// Call is the call that EventCalled is about.
	Call string `json:"call,omitempty"`
}

func (e Entry) encode() []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("encode an outbox entry: %v", err)) // plain data
	}
	return b
}

// letter is what goes into a Box.
type letter struct {
	To, Subject, Text string
	// HTML says the same; Calendar is what calendars read, by Method; Picture and
	// Logo are PNGs that HTML shows as "qr" and "logo".
	HTML, Calendar, Method string `json:",omitempty"`
	Picture, Logo          []byte `json:",omitempty"`
}
