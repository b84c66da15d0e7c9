package rights

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// actRectify is what the audit calls a correction; its note are the fields
// that were corrected, with commas between.
const actRectify = "subject.rectify"

// actWithdraw is what it calls a consent that was taken back.
const actWithdraw = "consent.withdraw"

// actMessage is what it calls a word from a desk to a visitor or a host.
const actMessage = "visit.message"

// act is one act on record about a visit.
type act struct {
	At       time.Time
	What     string
	Node, By string
	Note     string
}

// actsOf are the acts on record that name a visit, the oldest first.
func (s *Service) actsOf(v record.VisitID, members []Member) (out []act, err error) {
	err = s.cfg.Register.ReadActs(func(e crdt.StoredActs) error {
		for _, a := range e.Acts.Acts {
			if a.Kind == record.ActKey || !slices.Contains(a.Visits, v) {
				continue
			}
			x := act{At: a.At.Time(), What: a.What, Node: nameOf(members, e.ID.Actor.Node()), By: a.By, Note: a.Note}
			if a.Kind != record.ActAudit {
				x.What = string(a.Kind)
			}
			out = append(out, x)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read acts: %w", err)
	}
	slices.SortStableFunc(out, func(a, b act) int { return a.At.Compare(b.At) })
	return out, nil
}

// event is what an act tells of the visit itself; false where the same stands
// among its events, or among its recipients.
func (a act) event() (Event, bool) {
	e := Event{At: a.At, Node: a.Node, How: a.By}
	switch a.What {
	case string(record.ActShred):
		e.What = "erasure ordered"
	case string(record.ActReceipt):
		e.What = "erasure confirmed"
	case actRectify:
		e.What, e.Note = "corrected", a.Note
	case actWithdraw:
		e.What = "consent withdrawn"
	case actMessage:
		e.What = "message sent"
	default:
		return e, false
	}
	return e, true
}

// recipient is to whom an act gave something of the visit; false: to nobody.
func (a act) recipient() (Recipient, bool) {
	r := Recipient{At: a.At, Node: a.Node, By: a.By, What: a.Note}
	switch {
	case a.What == ActExport:
		r.Recipient = "subject"
	case a.What == "card.open":
		r.Recipient, r.What, r.By = "warden", "card", ""
	case strings.HasPrefix(a.What, "notice."), strings.HasPrefix(a.What, "export."), a.What == "paper.print":
		r.Recipient, r.Outside = a.What, true
	case a.What == actDisclosed:
		r.Recipient, r.What, _ = strings.Cut(a.Note, ": ")
		r.Outside = true
	default:
		return r, false
	}
	return r, true
}
