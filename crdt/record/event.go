package record

// Kind says what an event states. Kinds of newer releases are kept and
// relayed, and pass through the folds without effect.
type Kind string

const (
	// Arrived: the person came in.
	Arrived Kind = "arrived"
	// Left: there is evidence that the person went out.
	Left Kind = "left"
	// Moved: the person was seen inside, at Place.
	Moved Kind = "moved"
	// TimedOut: the clock signed the person out. No evidence of leaving.
	TimedOut Kind = "timed_out"
	// Corrected: the event Of was a mistake and counts no more.
	Corrected Kind = "corrected"
	// Carried: an open visit, written again on a later day before the day of
	// its arrival is dropped. Since is when it began; zero where no arrival is
	// known, and then this is none.
	Carried Kind = "carried"
	// EvacStarted: an evacuation, or a drill, has begun. Of no visit.
	EvacStarted Kind = "evac_started"
	// EvacEnded: the starts that Starts names are over. Of no visit.
	EvacEnded Kind = "evac_ended"
	// Marked: during an evacuation, Mark was said of the person.
	Marked Kind = "marked"
	// Added: during an evacuation, somebody was told of who is on no list.
	Added Kind = "added"
	// Joined: who was added as this visit turned out to be the bearer of Other.
	Joined Kind = "joined"
	// Swept: the zone of Place was searched; Mark is Safe when it is clear. Of
	// no visit.
	Swept Kind = "swept"
	// RefugeTold: those who wait at Point, or at the site of Place where it is
	// empty, are told Help. RefugeHeard: they say that they are Count, or, with
	// none, that they have read what they were told. Of no visit.
	RefugeTold  Kind = "refuge_told"
	RefugeHeard Kind = "refuge_heard"
	// BadgeBack: the badge of the visit was handed back. It says nothing of where the
	// person is.
	BadgeBack Kind = "badge_back"
	// Restricted: by Case, what is known of the person is to be used for nothing
	// but to find them in an evacuation. Reason names nobody.
	Restricted Kind = "restricted"
	// Unrestricted: the restrictions that Cases names are over.
	Unrestricted Kind = "unrestricted"
	// Fed: the node is told by Feed of staff who come and go at Place, and when
	// it last was. Of no visit.
	Fed Kind = "fed"
	// Invited: somebody is expected, by an invitation whose id Visit is. Other is
	// the invitation that it stands instead of, if any.
	Invited Kind = "invited"
	// CalledOff: the invitation admits nobody any more.
	CalledOff Kind = "called_off"
	// Welcomed: the visit Other began by the invitation.
	Welcomed Kind = "welcomed"
	// Skipped: the occasions of the invitation that begin from From until To are
	// called off; the others stand.
	Skipped Kind = "skipped"
	// Approved and Refused: By has said so of an invitation, or of a visit, that
	// Needs it; a host who refuses may say a Reason, of a list.
	Approved Kind = "approved"
	Refused  Kind = "refused"
)

// Answered: whoever holds the link of the invitation says when they come to the
// occasion that begins at To: at From, or not at all where that is zero.
const Answered Kind = "answered"

// Event is one immutable fact written by one node. It holds no particulars.
type Event struct {
	Kind  Kind    `cbor:"1,keyasint"`
	At    HLC     `cbor:"2,keyasint"`
	Visit VisitID `cbor:"3,keyasint,omitempty"`
	// Badge stands in for Visit on a Left whose writer had only the code.
	Badge BadgeCode `cbor:"4,keyasint,omitempty"`
	Place Place     `cbor:"5,keyasint,omitempty"`
	// Type is the visitor type on an arrival ("visitor" when empty).
	Type string `cbor:"6,keyasint,omitempty"`
	// How says what the evidence is: "kiosk", "desk", "badge", "qr".
	How string `cbor:"7,keyasint,omitempty"`
	// Of is the event that a correction voids.
	Of *EventID `cbor:"8,keyasint,omitempty"`
	// Since is when a carried visit began, zero where that is not known.
	Since HLC `cbor:"9,keyasint,omitempty"`
	// Ends is the last day on which the particulars may be kept.
	Ends Day `cbor:"10,keyasint,omitempty"`
	// Evac is the start's own id on an EvacStarted; Drill that it is one, and
	// Scope the site that it is for, empty for the whole campus. One that is
	// carried over, or told by one who had heard of it, has its beginning in Since.
	Evac  EvacID `cbor:"11,keyasint,omitempty"`
	Drill bool   `cbor:"12,keyasint,omitempty"`
	Scope SiteID `cbor:"13,keyasint,omitempty"`
	// Starts are the starts that an EvacEnded has seen and ends, or that the
	// writer of a Marked, Added, Swept or call at a refuge knew to run; Reason why it is over. The
	// reason names nobody: it cannot be erased.
	Starts []EvacID `cbor:"14,keyasint,omitempty"`
	Reason string   `cbor:"15,keyasint,omitempty"`
	// Mark and Point are what a Marked says. Over is what a Marked stands instead
	// of, the marks and departures that the writer of a Left had before it, or the
	// calls that the writer of a call had.
	Mark  Mark      `cbor:"16,keyasint,omitempty"`
	Point PointName `cbor:"17,keyasint,omitempty"`
	Over  []EventID `cbor:"18,keyasint,omitempty"`
	// Other is the visit that a Joined turned out to be.
	Other VisitID `cbor:"19,keyasint,omitzero"`
	// Once is drawn by the device that a mark was made on: the same mark may be
	// delivered to several nodes, and counts once. Zero: this is the only one.
	Once OnceID `cbor:"20,keyasint,omitzero"`
	// Case is that of a Restricted; Cases are those that an Unrestricted ends.
	Case  CaseID   `cbor:"21,keyasint,omitzero"`
	Cases []CaseID `cbor:"22,keyasint,omitempty"`
	// Feed is what a Fed tells of; Since is when it was last heard, zero for
	// never, and Quiet after how many minutes of silence that is said, zero where
	// the feed is over.
	Feed  FeedName `cbor:"23,keyasint,omitempty"`
	Quiet uint32   `cbor:"24,keyasint,omitempty"`
	// Cuts are the links that a drill cuts, for CutFor seconds.
	Cuts   []Cut  `cbor:"25,keyasint,omitempty"`
	CutFor uint32 `cbor:"26,keyasint,omitempty"`
	// Said is when the device on which a Marked was made, or the system that tells
	// by a feed of who came or went, says that it was, by its own clock; evidence,
	// and no more. Zero where it was here and now.
	Said HLC `cbor:"27,keyasint,omitempty"`
	// From and To are when somebody who is Invited is expected, in Unix seconds.
	From int64 `cbor:"28,keyasint,omitempty"`
	To   int64 `cbor:"29,keyasint,omitempty"`
	// Box is the secret of an invitation's QR, locked under its code: nothing of
	// a person, and no use once the bearer's key record is destroyed.
	Box []byte `cbor:"30,keyasint,omitempty"`
	// Help is what a RefugeTold says, and Count what a RefugeHeard does.
	Help  Help   `cbor:"36,keyasint,omitempty"`
	Count uint32 `cbor:"37,keyasint,omitempty"`
	// Times are the occasions of somebody who is Invited more than once, from From
	// until To; empty: there is one.
	Times []Span `cbor:"31,keyasint,omitempty"`
	// Needs is what somebody who is Invited, or has Arrived, needs to be welcome.
	Needs Needs `cbor:"32,keyasint,omitempty"`
	// By is the operator who invites, approves or refuses, by an id that names
	// nobody; empty where that was at no desk.
	By string `cbor:"33,keyasint,omitempty"`
}

// Needs says whose word is needed before somebody is welcome; empty: nobody's.
type Needs string

// What may be needed.
const (
	// OneWord is that of whoever may approve.
	OneWord Needs = "one"
	// AnotherWord is that of another than the one who invited.
	AnotherWord Needs = "another"
)

// Span is a time from and until, in Unix seconds.
type Span struct {
	From int64 `cbor:"1,keyasint"`
	To   int64 `cbor:"2,keyasint"`
}

// Cut is a link between two nodes; where B is zero, all links of A.
type Cut struct {
	A NodeID `cbor:"1,keyasint"`
	B NodeID `cbor:"2,keyasint,omitzero"`
}

// BadgeOf is the badge that the event is about.
func (e Event) BadgeOf() BadgeCode {
	if e.Visit.IsZero() {
		return e.Badge
	}
	return e.Visit.Badge()
}

// OfEvacuation reports whether the event is of an evacuation as a whole and of
// no visit.
func (e Event) OfEvacuation() bool {
	switch e.Kind {
	case EvacStarted, EvacEnded, Swept, RefugeTold, RefugeHeard:
		return e.BadgeOf() == 0
	}
	return false
}

// OfFeed reports whether the event tells of a feed that can be named on a list,
// and of no visit.
func (e Event) OfFeed() bool {
	return e.Kind == Fed && e.BadgeOf() == 0 && CheckPlaceName(string(e.Feed)) == nil
}

// Standing says how an event's writer stood when it wrote, by the roster.
type Standing uint8

const (
	// Counted events are taken at their word.
	Counted Standing = iota
	// Late events were written by a revoked node after the last that counts:
	// its check-outs remove nobody, its arrivals are unconfirmed.
	Late
)

// Stated is an event with its place in the log and its writer's standing.
type Stated struct {
	ID       EventID
	Event    Event
	Standing Standing
}
