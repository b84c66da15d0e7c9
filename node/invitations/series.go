package invitations

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// An invitation admits on its one occasion, give or take a day for clocks and
// zones, or, where it has several, on the day of each of them and on no other:
// what comes between them is what a series is made to keep out.

// allTime is the occasion of one that has no other.
var allTime = record.Span{From: -1 << 62, To: 1 << 62}

// daysOf is an occasion from the midnight before it to the one after it.
func (s *Service) daysOf(o record.Span) (from, until time.Time) {
	a, b := time.Unix(o.From, 0).In(s.cfg.Zone), time.Unix(o.To-1, 0).In(s.cfg.Zone)
	return time.Date(a.Year(), a.Month(), a.Day(), 0, 0, 0, 0, s.cfg.Zone), time.Date(b.Year(), b.Month(), b.Day()+1, 0, 0, 0, 0, s.cfg.Zone)
}

func (s *Service) holds(o record.Span, t time.Time) bool {
	from, until := s.daysOf(o)
	return !t.Before(from) && t.Before(until)
}

// occasionOf is the occasion of a moment; one that is called off where there is
// no other, allTime where there is one only, and nothing where none is.
func (s *Service) occasionOf(i record.Invitation, t time.Time) (at record.Span) {
	if len(i.Times) == 0 {
		return allTime
	}
	for _, o := range i.Times {
		if s.holds(o.Span, t) && (o.Off.IsZero() || at == record.Span{}) {
			at = o.Span
		}
	}
	return at
}

// running is the occasion that admits now; false where none does.
func (s *Service) running(i record.Invitation) (record.Span, bool) {
	if len(i.Times) == 0 {
		today, first := s.cfg.Date(), record.DayOf(time.Unix(i.From, 0))
		return allTime, !i.Made.IsZero() && first <= today+record.QRGrace && today <= i.Last+record.QRGrace
	}
	for _, o := range i.Times {
		if o.Off.IsZero() && s.holds(o.Span, s.cfg.Now()) {
			return o.Span, true
		}
	}
	return record.Span{}, false
}

// skippedToday reports whether the occasion of today is called off.
func (s *Service) skippedToday(i record.Invitation) bool {
	return slices.ContainsFunc(i.Times, func(o record.Occasion) bool { return !o.Off.IsZero() && s.holds(o.Span, s.cfg.Now()) })
}

// next is the occasion that is not over yet and not called off; the last one
// where none is left.
func (s *Service) next(i record.Invitation) record.Span {
	now, last := s.cfg.Now(), record.Span{From: i.From, To: i.To}
	for _, o := range i.Times {
		if !o.Off.IsZero() {
			continue
		}
		if last = o.Span; s.holds(o.Span, now) || o.From > now.Unix() {
			break
		}
	}
	return last
}

// over reports whether no occasion is left.
func (s *Service) over(i record.Invitation) bool {
	if len(i.Times) == 0 {
		return s.cfg.Date() > i.Last
	}
	_, until := s.daysOf(s.next(i))
	left := slices.ContainsFunc(i.Times, func(o record.Occasion) bool { return o.Off.IsZero() })
	return !left || !s.cfg.Now().Before(until)
}

// uses are those of one occasion.
func (s *Service) uses(on record.Span, i record.Invitation) (out []record.Use) {
	for _, u := range i.Uses {
		if s.occasionOf(i, u.At.Time()) == on {
			out = append(out, u)
		}
	}
	return out
}

// twice reports whether more than one visit of one occasion is open.
func (s *Service) twice(i record.Invitation) bool {
	if len(i.Times) == 0 {
		return len(s.inside(allTime, i)) > 1
	}
	return slices.ContainsFunc(i.Times, func(o record.Occasion) bool { return len(s.inside(o.Span, i)) > 1 })
}

// stray reports whether one of a series was used on a day of none of its
// occasions, or of one that is called off: at a door that had not heard.
func (s *Service) stray(i record.Invitation) bool {
	return len(i.Times) > 0 && slices.ContainsFunc(i.Uses, func(u record.Use) bool {
		return !slices.ContainsFunc(i.Times, func(o record.Occasion) bool { return o.Off.IsZero() && s.holds(o.Span, u.At.Time()) })
	})
}
