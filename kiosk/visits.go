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
	// CheckOut takes a badge code as typed or the whole payload of a badge
	// QR. A well-formed code of a visit nobody has heard of here is a
	// check-out all the same.
	CheckOut(ctx context.Context, code string) (Departure, error)
}

// Arrival is what a person wrote at the door. It prints as [withheld].
type Arrival struct {
	Name, Company, Host, Phone, Email, Purpose, Assist, Type string
	// Lang is the language that the person chose.
	Lang string
}

// Receipt is the house's word that a visit is durable. The QR is a key to the
// visitor's name, so a receipt prints its visit only.
type Receipt struct {
	Visit, Badge, QR string
	At               time.Time
}

// Departure is the answer to a check-out.
type Departure struct {
	Badge string
	At    time.Time
	// Known is false when the visit was never heard of here.
	Known bool
	// Already is true when the visit had ended before.
	Already bool
}

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
