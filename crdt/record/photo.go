package record

import (
	"bytes"
	"fmt"
	"log/slog"
	"time"
)

// LateSite is the site in the names of sealed documents whose entries may come
// after all others: photographs. It is no place.
const LateSite SiteID = "~later"

// photoMark is what a photograph's id begins with: no badge code, and no mark of
// what is kept. The first eleven bytes of its visit's id follow.
var photoMark = [5]byte{0, 0, 0, 0, 1}

// PhotoID names the photograph of a visit, which is sealed under a key of its own
// so that it can be shredded alone. It follows from the visit alone.
func PhotoID(visit VisitID) (id VisitID) {
	copy(id[:], photoMark[:])
	copy(id[len(photoMark):], visit[:])
	return id
}

// IsPhoto reports whether the id is one that PhotoID makes.
func (v VisitID) IsPhoto() bool { return [len(photoMark)]byte(v[:]) == photoMark }

// PhotoBadge is the badge code of a photograph's visit.
func (v VisitID) PhotoBadge() BadgeCode {
	var visit VisitID
	copy(visit[:], v[len(photoMark):])
	return visit.Badge()
}

// photoOwnedBy goes by what a photograph's id has kept of its visit's: the whole
// half that is random, and three bytes of that which follows from the node.
func (v VisitID) photoOwnedBy(node NodeID) bool {
	var visit VisitID
	n := copy(visit[:], v[len(photoMark):])
	return bytes.Equal(visit[8:n], ownerOf(visit, node)[:n-8])
}

// Photo is a visitor's photograph, sealed for desks alone.
type Photo struct {
	// Visit is whose it is.
	Visit VisitID
	// Picture is a JPEG without anything beside the picture.
	Picture Picture
	// Taken is when, to the millisecond in UTC, and How where: "kiosk", "desk",
	// "command", "api".
	Taken time.Time
	How   string
	// Type is the visitor type, by which it is kept.
	Type string
	// Rest is that of a Card.
	Rest Private
}

// Picture is the bytes of somebody's picture. It prints as [withheld] as Private
// does.
type Picture []byte

// Format withholds the picture from every fmt verb.
func (Picture) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// MarshalText withholds the picture from encoders of text, JSON among them.
func (Picture) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// LogValue withholds the picture from slog.
func (Picture) LogValue() slog.Value { return slog.StringValue(withheld) }
