package app

import (
	"context"
	"errors"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/visits"
)

// door shows the rules of visits to the kiosk.
type door struct{ visits *visits.Service }

func (d door) CheckIn(ctx context.Context, a kiosk.Arrival) (kiosk.Receipt, error) {
	got, err := d.visits.CheckIn(ctx, visits.Arrival{
		Name: record.Private(a.Name), Company: record.Private(a.Company), Host: record.Private(a.Host),
		Assist: record.Private(a.Assist), Email: record.Private(a.Email), Phone: record.Private(a.Phone),
		Purpose: record.Private(a.Purpose), Type: a.Type, Lang: a.Lang, How: "kiosk",
	})
	if err != nil {
		return kiosk.Receipt{}, inWords(err)
	}
	return kiosk.Receipt{Visit: got.Visit.String(), Badge: got.Badge.String(), QR: got.QR, At: got.At}, nil
}

func (d door) CheckOut(ctx context.Context, code string) (kiosk.Departure, error) {
	got, err := d.visits.CheckOut(ctx, code, "kiosk")
	if err != nil {
		return kiosk.Departure{}, inWords(err)
	}
	return kiosk.Departure{Badge: got.Badge.String(), At: got.At, Known: got.Known, Already: got.Already}, nil
}

// inWords makes what a person can mend into a problem that the screens say in
// the reader's language.
func inWords(err error) error {
	var p *visits.Problem
	if !errors.As(err, &p) {
		return err
	}
	out := lang.Problem{Key: p.Key, Field: p.Field}
	if p.Limit > 0 {
		out.Args = map[string]any{"Limit": p.Limit}
	}
	return out
}
