package kiosk

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Visits is what the kiosk asks of the house. A lang.Problem among the errors
// is shown to the visitor in their language; anything else is shown as a
// fault with a reference.
type Visits interface {
	// CheckIn returns only after the visit is durable on this node.
	CheckIn(ctx context.Context, a Arrival) (Receipt, error)
	// CheckInGroup is CheckIn of somebody and of those who come with them, all or
	// nobody. Receipts are in the order of names, the first one's first.
	CheckInGroup(ctx context.Context, a Arrival, with []string) ([]Receipt, error)
	// CheckOut takes a badge code as typed or the whole payload of a badge
	// QR. A well-formed code of a visit nobody has heard of here is a
	// check-out all the same.
	CheckOut(ctx context.Context, code string) (Departure, error)
}

// Arrival is what a person wrote at the door. It prints as [withheld].
type Arrival struct {
	Name, Company, Host, Phone, Email, Purpose, Assist, Type string
	// With are the names of those who come with the person, one on each line.
	With string
	// Under16: the person is under 16, and Guardian: a guardian agrees to what is
	// kept with consent.
	Under16, Guardian bool
	// Lang is the language that the person chose.
	Lang string
	// Signed are the documents that were read, by id: the hash of the text that
	// was on the screen. Signature is what was typed under them, and Drawing the
	// strokes of what was drawn.
	Signed             map[string]string
	Signature, Drawing string
	// Before are the signatures that were made before the person came, under texts
	// that are in force.
	Before Signatures
	// Photo is a picture that the person has agreed to, as the camera gave it.
	Photo []byte
	// Invitation is the one that the person came by, HostMail where it says that
	// the host is told; empty: none.
	Invitation, HostMail string
}

// Receipt is the house's word that a visit is durable. The QR is a key to the
// visitor's name, so a receipt prints its visit only.
type Receipt struct {
	Visit, Badge, QR string
	At               time.Time
	// Wait: the visitor is checked in, and is asked to wait for the reception.
	Wait bool
	// Waits: the visitor is inside, and not approved yet.
	Waits bool
	// Photo is the picture that is kept, a JPEG; NoPhoto: one was taken, and is not.
	Photo   []byte
	NoPhoto bool
}

// Departure is the answer to a check-out.
type Departure struct {
	Badge string
	At    time.Time
	// Known is false when the visit was never heard of here.
	Known bool
	// Already is true when the visit had ended before.
	Already bool
	// Name is the bearer's, where the QR of the badge was shown and opens it;
	// empty otherwise. It makes a departure print its badge only.
	Name string
}

// Format prints the badge only, through every fmt verb.
func (d Departure) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("badge " + d.Badge)) }

// LogValue logs the badge only.
func (d Departure) LogValue() slog.Value { return slog.StringValue(d.Badge) }

// MarshalText encodes the badge only.
func (d Departure) MarshalText() ([]byte, error) { return []byte(d.Badge), nil }

const withheld = "[withheld]"

// Format withholds the person from every fmt verb.
func (Arrival) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// LogValue withholds the person from slog.
func (Arrival) LogValue() slog.Value { return slog.StringValue(withheld) }

// MarshalText withholds the person from encoders of text, JSON among them.
func (Arrival) MarshalText() ([]byte, error) { return []byte(withheld), nil }

// Format prints the visit only, through every fmt verb.
func (r Receipt) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("visit " + r.Visit)) }

// LogValue logs the visit only.
func (r Receipt) LogValue() slog.Value { return slog.StringValue(r.Visit) }

// MarshalText encodes the visit only.
func (r Receipt) MarshalText() ([]byte, error) { return []byte(r.Visit), nil }
