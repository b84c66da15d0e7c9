package visits

import (
	"fmt"

	"github.com/upprop/upprop/crdt/record"
)

// Bears says whose badge a code is: a badge code, or the payload of a badge's QR.
// shown: it was the QR, by a node that is known, and it opens the bearer's name;
// a code proves nothing but that somebody has read it. The visit is zero where
// the code is of none here, or of more than one. Errors: *Problem.
func (s *Service) Bears(text string) (v record.VisitID, shown bool, err error) {
	code, err := record.ParseCode(text)
	if err != nil {
		return v, false, cause(err)
	}
	known, err := s.cfg.Replica.ByBadge(code.Badge)
	if err != nil {
		return v, false, fmt.Errorf("find a badge: %w", cause(err))
	}
	for _, p := range known {
		switch {
		case p.Visit.IsZero() || !code.Visit.IsZero() && p.Visit != code.Visit:
		case !v.IsZero():
			return record.VisitID{}, false, nil
		default:
			v = p.Visit
		}
	}
	name, err := s.bearer(code.QR)
	if err != nil {
		return record.VisitID{}, false, err
	}
	return v, name != "" && !v.IsZero(), nil
}
