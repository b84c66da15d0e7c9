package record

import (
	"cmp"
	"slices"
)

// What is told of deliveries. Visit is the delivery's id, which no visit has, and
// By the operator; what is said of people is sealed.
const (
	// Delivered: something was left for somebody. Since is when, where it is
	// written anew.
	Delivered Kind = "delivered"
	// PickedUp, SentBack and Lost: how that ended, by an ending whose id Other is.
	// Since is as with a Delivered.
	PickedUp Kind = "picked_up"
	SentBack Kind = "sent_back"
	Lost     Kind = "lost"
	// PutBack: the ending Other was a mistake.
	PutBack Kind = "put_back"
	// Reminded: whom it is for was told once more that it waits.
	Reminded Kind = "reminded"
)

// MaxEndings bounds Delivery.Endings.
const MaxEndings = 64

// Delivery is what all known events say of one delivery.
type Delivery struct {
	ID VisitID
	// Begun is when it came, Place where it was taken in, and By who took it in.
	// Made is the fact by which that is known now; zero where nobody has told.
	Begun HLC
	Place Place
	By    string
	Made  Fact
	// Told is when it was last written that it came: what waits for longer than a
	// day's document is kept is written anew.
	Told HLC
	// Endings are how it ended, by all who said so, in order of time, those that
	// were put back too; MaxEndings at most.
	Endings []Ending
	// Reminded is when whom it is for was last reminded; zero: never.
	Reminded HLC
}

// Ending is one word on how a delivery ended. ID is also that of what is sealed of
// it.
type Ending struct {
	ID    VisitID
	Kind  Kind
	Begun HLC
	By    string
	Fact
	// Told is when it was last written, PutBack who said that it was a mistake, and
	// BackTold when that was last written.
	Told     HLC
	PutBack  Fact
	BackTold HLC
}

// endingRank says which ending stands where more than one does: what is in
// somebody's hands is not lost.
var endingRank = map[Kind]int{PickedUp: 1, SentBack: 2, Lost: 3}

// OfDelivery reports whether the event is of a delivery.
func (e Event) OfDelivery() bool {
	switch e.Kind {
	case Delivered, PutBack, Reminded:
		return true
	}
	return endingRank[e.Kind] > 0
}

// Apart reports whether the event is told of what is no visit, under an id of its
// own that no list shows: an invitation or a delivery.
func (e Event) Apart() bool { return e.OfInvitation() || e.OfDelivery() }

// begun is when what the event tells of was, also where it is written anew.
func (e Event) begun() HLC {
	if e.Since != 0 {
		return min(e.Since, e.At)
	}
	return e.At
}

// FoldDelivery folds all events of one delivery; false where nobody whose word
// counts has told of it. It depends on the set of events alone: endings add up,
// and who puts one back puts back that one and no other.
func FoldDelivery(events []Stated) (Delivery, bool) {
	events = slices.DeleteFunc(slices.Clone(events), func(s Stated) bool { return s.Standing != Counted || !s.Event.OfDelivery() })
	slices.SortFunc(events, func(a, b Stated) int {
		return cmp.Or(cmp.Compare(a.Event.begun(), b.Event.begun()), cmp.Compare(a.Event.At, b.Event.At), a.ID.Compare(b.ID))
	})
	events = slices.CompactFunc(events, func(a, b Stated) bool { return a.ID == b.ID })
	var d Delivery
	at := map[VisitID]int{}
	var back []Stated
	for _, s := range events {
		e := s.Event
		d.ID = e.Visit
		switch e.Kind {
		case Delivered:
			d.Told = max(d.Told, e.At)
			if d.Made.IsZero() {
				d.Begun, d.Place, d.By, d.Made = e.begun(), e.Place, e.By, factOf(s)
			}
		case Reminded:
			d.Reminded = max(d.Reminded, e.At)
		case PutBack:
			back = append(back, s)
		default:
			if i, known := at[e.Other]; known {
				d.Endings[i].Told = max(d.Endings[i].Told, e.At)
			} else if len(d.Endings) < MaxEndings && !e.Other.IsZero() {
				at[e.Other] = len(d.Endings)
				d.Endings = append(d.Endings, Ending{ID: e.Other, Kind: e.Kind, Begun: e.begun(), By: e.By, Fact: factOf(s), Told: e.At})
			}
		}
	}
	for _, s := range back {
		if i, known := at[s.Event.Other]; known {
			x := &d.Endings[i]
			x.BackTold = max(x.BackTold, s.Event.At)
			if x.PutBack.IsZero() {
				x.PutBack = factOf(s)
			}
		}
	}
	return d, len(events) > 0
}

// Ended is the ending that stands; false: it waits.
func (d Delivery) Ended() (Ending, bool) {
	var out Ending
	for _, x := range d.Standing() {
		if out.ID.IsZero() || endingRank[x.Kind] < endingRank[out.Kind] {
			out = x
		}
	}
	return out, !out.ID.IsZero()
}

// Standing are the endings that nobody has put back, in order of time.
func (d Delivery) Standing() []Ending {
	return slices.DeleteFunc(slices.Clone(d.Endings), func(x Ending) bool { return !x.PutBack.IsZero() })
}
