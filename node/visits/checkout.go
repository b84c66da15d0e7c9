package visits

import (
	"context"
	"fmt"
	"slices"
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
	// Name is the bearer's, where a valid QR was shown and its key record is
	// here; empty otherwise.
	Name record.Private
}

// CheckOut records that the bearer of a badge goes out: a badge code, a visit
// id or the payload of a QR. A forged QR is refused, and nothing recorded; one
// of an issuer that nobody here has heard of yet, or whose last day is over,
// does: evidence of leaving is evidence. A well-formed code of a visit that nobody
// has told this node of is a check-out all the same; it closes the visit when
// the news meet. A second check-out changes nothing, but that it is this node's
// word too: it is written where this node has written none, for the first may turn
// out to be of a revoked node. Of a visit not heard of it is written again,
// since a later departure may have to close what has happened between, and counts
// with the first as one.
func (s *Service) CheckOut(ctx context.Context, text, how string) (Departure, error) {
	return s.checkOut(ctx, s.cfg.Place(), text, how, time.Time{})
}

// checkOut is CheckOut at a place; said as in LeaveAt.
func (s *Service) checkOut(ctx context.Context, at record.Place, text, how string, said time.Time) (Departure, error) {
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
	if code.QR != nil && code.QR.Kind == record.InvitationQR {
		if code, err = s.invited(*code.QR); err != nil {
			return Departure{}, fmt.Errorf("check out: %w", err)
		}
	}
	name, err := s.bearer(code.QR)
	if err != nil {
		return Departure{}, fmt.Errorf("check out: %w", err)
	}
	d := Departure{Name: name, Visit: code.Visit, Badge: code.Badge, At: s.cfg.Now().UTC()}
	known, err := s.cfg.Replica.ByBadge(code.Badge)
	if err != nil {
		return Departure{}, fmt.Errorf("check out: %w", cause(err))
	}
	var open, left, stray []record.Presence
	for _, p := range known {
		switch {
		case p.Visit.IsZero():
			stray = append(stray, p)
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
	case len(left) > 0 && (how == record.HowFed || !s.seenAfter(left[len(left)-1])):
		p := left[len(left)-1]
		d.Visit, d.Known, d.Already, d.At = p.Visit, true, true, p.Left.At.Time()
		if !s.leftHere(p) {
			break
		}
		// It may still be on its way to the disk.
		if err := s.cfg.Replica.Sync(); err != nil {
			return Departure{}, fmt.Errorf("check out: %w", cause(err))
		}
		return d, nil
	case len(left) > 0:
		open = left[len(left)-1:]
		d.Visit, d.Known = open[0].Visit, true
	}
	event := record.Event{Kind: record.Left, Visit: d.Visit, Place: at, How: how, Said: saidAt(said)}
	switch {
	case d.Already:
		event.Over = departuresOf(left[len(left)-1])
	case how != record.HowFed:
		event.Over = s.over(append(open, stray...))
	}
	if d.Visit.IsZero() {
		event.Badge = d.Badge
	}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
		return Departure{}, fmt.Errorf("check out: %w", cause(err))
	}
	return d, nil
}

// leftHere reports whether it is this node's word that somebody left.
func (s *Service) leftHere(p record.Presence) bool {
	return slices.ContainsFunc(p.Departures, func(d record.Departure) bool { return d.ID.Actor.Node() == s.cfg.Node })
}

// departuresOf are those of somebody who left, the latest record.MaxOver: whoever
// is told again that they left says the same.
func departuresOf(p record.Presence) (ids []record.EventID) {
	for _, d := range p.Departures[max(0, len(p.Departures)-record.MaxOver):] {
		ids = append(ids, d.ID)
	}
	return ids
}

// over are, while an evacuation runs, the marks on somebody that stand on this
// node: whoever lets the person out has them before their eyes.
func (s *Service) over(of []record.Presence) []record.EventID {
	if _, on := s.cfg.Replica.Evacuations().Running(""); !on {
		return nil
	}
	return record.StillStanding(s.said(of))
}

// said are the marks on somebody, and the departures.
func (s *Service) said(of []record.Presence) (marks []record.MarkFact, departures []record.Departure) {
	for _, p := range of {
		all := []record.Presence{p}
		if !p.Visit.IsZero() {
			all = append(all, s.cfg.Replica.JoinedTo(p.Visit)...)
		}
		for _, q := range all {
			marks, departures = append(marks, q.Marks...), append(departures, q.Departures...)
		}
	}
	return marks, departures
}

// seenAfter reports whether somebody who left was marked by one who knew of
// that: then a check-out is news.
func (s *Service) seenAfter(p record.Presence) bool {
	e, on := s.cfg.Replica.Evacuations().Running("")
	if !on || !p.MarkedIn(e) {
		return false
	}
	marks, departures := s.said([]record.Presence{p})
	standing := record.StillStanding(marks, departures)
	return slices.ContainsFunc(marks, func(m record.MarkFact) bool { return slices.Contains(standing, m.ID) })
}

// invited is the visit that began by an invitation and has not ended, or else
// the last that did: the bearer leaves by the paper that they came by.
func (s *Service) invited(q record.QR) (record.Code, error) {
	if s.judge(q) == Forged {
		return record.Code{}, cause(errForged)
	}
	if s.cfg.Uses != nil {
		if v, ok := s.cfg.Uses(q.Visit); ok {
			return record.Code{Visit: v, Badge: v.Badge()}, nil
		}
	}
	return record.Code{}, &Problem{Key: "invitation.not_here", Field: "code", Hint: "this is an invitation, and this node has not heard that anybody came by it: show the badge instead, or type its code"}
}
