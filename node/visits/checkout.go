package visits

import (
	"context"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Departure is the answer to a check-out.
type Departure struct {
	// Visit is zero when only a badge code of an unheard-of visit was given.
	Visit record.VisitID
	Badge record.BadgeCode
	At    time.Time
	// Known: the visit had been heard of here. Already: it had ended before.
	Known, Already bool
}

// CheckOut records that the bearer of a badge goes out: a badge code, a visit
// id or the payload of a badge's QR. A well-formed code of a visit that nobody
// has told this node of is a check-out all the same; it closes the visit when
// the news meet. A second check-out changes nothing; of a
// visit not heard of it is written again, since a later departure may have to
// close what has happened between, and counts with the first as one.
func (s *Service) CheckOut(ctx context.Context, text, how string) (Departure, error) {
	if err := s.barred(); err != nil {
		return Departure{}, err
	}
	code, err := record.ParseCode(text)
	if err == nil && code.Badge == 0 {
		err = fmt.Errorf("no badge has this code: %w", record.ErrCode) // none is drawn with it
	}
	if err != nil {
		return Departure{}, fmt.Errorf("check out: %w", cause(err))
	}
	d := Departure{Visit: code.Visit, Badge: code.Badge, At: s.cfg.Now().UTC()}
	known, err := s.cfg.Replica.ByBadge(code.Badge)
	if err != nil {
		return Departure{}, fmt.Errorf("check out: %w", cause(err))
	}
	var open, left []record.Presence
	for _, p := range known {
		switch {
		case !code.Visit.IsZero() && p.Visit != code.Visit:
		case p.Open():
			open = append(open, p)
		default:
			left = append(left, p)
		}
	}
	switch {
	case len(open) > 1:
		return Departure{}, &Problem{Key: "badge.ambiguous", Field: "code", Hint: "two visits have this badge code: scan the QR code on the badge instead, or give the whole visit id"}
	case len(open) == 1:
		d.Visit, d.Known = open[0].Visit, true
	case len(left) > 0:
		// The departure may be another's, still on its way to the disk.
		if err := s.cfg.Replica.Sync(); err != nil {
			return Departure{}, fmt.Errorf("check out: %w", cause(err))
		}
		p := left[len(left)-1]
		d.Visit, d.Known, d.Already, d.At = p.Visit, true, true, p.Left.At.Time()
		return d, nil
	}
	event := record.Event{Kind: record.Left, Visit: d.Visit, Place: s.cfg.Place(), How: how}
	if d.Visit.IsZero() {
		event.Badge = d.Badge
	}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
		return Departure{}, fmt.Errorf("check out: %w", cause(err))
	}
	return d, nil
}
