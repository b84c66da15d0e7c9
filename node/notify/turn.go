package notify

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// latest is the claim that counts.
func latest(claims []Claim) (Claim, bool) {
	if len(claims) == 0 {
		return Claim{}, false
	}
	return claims[len(claims)-1], true
}

// turn reports whether this node is to send the messages of a start: one that
// opens dossiers and can send, and either started it, or finds after its time of
// waiting that no other has said it would. Who has said so and is then out of
// touch before all is sent is followed by the next. In two parts of a campus
// that cannot hear each other two nodes send.
func (s *Service) turn(st record.Start, w *watched, now time.Time) (bool, error) {
	if set := s.Settings(); !s.cfg.Opens() || set.SMTP == nil && set.SMS == nil {
		return false, nil
	}
	claims, err := s.cfg.Claims(st.ID)
	if err != nil {
		return false, err
	}
	from, last := w.heard.Add(settleFor), Claim{}
	if c, ok := latest(claims); ok {
		last = c
		switch {
		case last.Node == s.cfg.Self:
			return true, nil
		case slices.ContainsFunc(claims, func(c Claim) bool { return c.Done }):
			return false, nil
		case s.cfg.InTouch(last.Node):
			w.lost, w.again = time.Time{}, now.Add(turnFor)
			return false, nil
		case w.lost.IsZero():
			w.lost = now
		}
		from = w.lost.Add(settleFor)
	} else if st.By == s.cfg.Self {
		return true, nil
	}
	if w.mine.Load() {
		return false, nil
	}
	if from = from.Add(time.Duration(s.cfg.Rank()) * turnFor); now.Before(from) {
		w.again = from
		return false, nil
	}
	return true, nil
}

// claimed reports whether this node's claim on a start counts.
func (s *Service) claimed(start record.EvacID) bool {
	claims, err := s.cfg.Claims(start)
	last, ok := latest(claims)
	return err != nil || !ok || last.Node == s.cfg.Self
}
