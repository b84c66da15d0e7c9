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
)

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
}

// BadgeOf is the badge that the event is about.
func (e Event) BadgeOf() BadgeCode {
	if e.Visit.IsZero() {
		return e.Badge
	}
	return e.Visit.Badge()
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
