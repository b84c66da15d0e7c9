package record

import (
	"crypto/sha256"
	"time"
)

// MostKept is for how many days anything is kept past the day of its visit, and
// so for how long its erasure may have to stand.
const MostKept Day = 3660

// keptMark is how many leading bytes of a kept record's id are zero. Ids of visits
// are drawn, and have a badge code in them.
const keptMark = 5

// KeptID names what is kept of a visit past its day; what says which. It follows
// from these alone, so that two desks which make it apart make the same.
func KeptID(visit VisitID, what string) (id VisitID) {
	h := sha256.New()
	_, _ = h.Write([]byte("upprop/kept/1\x00"))
	_, _ = h.Write(visit[:])
	_, _ = h.Write([]byte(what))
	copy(id[keptMark:], h.Sum(nil))
	return id
}

// IsKept reports whether the id is one that KeptID makes. In order of id they come
// before all visits.
func (id VisitID) IsKept() bool { return [keptMark]byte(id[:]) == [keptMark]byte{} && !id.IsZero() }

// Kept is what is kept of a visit past its day, sealed for desks alone: a signed
// document, or what a legal hold is about.
type Kept struct {
	Visit VisitID
	// Until is the day on which it must be gone, by what held when it was made.
	Until Day
	// Place is where the person was taken in, and Type as what.
	Place Place
	Type  string
	// Name is the person's. Of a signed document nothing else of them is kept.
	Name Private

	// Document is the id of a signed document, and Signed the word given on it.
	Document string
	Signed   []Signature

	// Hold is the id of a legal hold, and Card, Dossier and Events what it keeps;
	// Versions are those of card and dossier that they were opened from.
	Hold     string
	Card     *Card
	Dossier  *Dossier
	Versions [2]uint32
	Events   []KeptEvent
	// Rest is that of a Card.
	Rest Private
}

// KeptEvent is one thing that was told of a held visit. It names nobody.
type KeptEvent struct {
	At    time.Time
	What  string
	Node  NodeID
	Place Place
	How   string
}
