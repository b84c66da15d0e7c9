package node

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// withInvitations adds to visits that are to be erased the invitations by which they
// began, with what was filled in before: those by which nobody else has come, and
// nobody is to come any more. The others are of somebody still, or of a day ahead.
func withInvitations(visits []record.VisitID, all []record.Invitation, erased func(record.VisitID) bool, now time.Time) []record.VisitID {
	out, going := slices.Clone(visits), make(map[record.VisitID]bool, len(visits))
	for _, v := range visits {
		going[v] = true
	}
	for _, i := range all {
		// Of one that was used that often not all uses are known.
		if len(i.Uses) == record.MaxUses || comes(i, now) || erased(i.ID) || going[i.ID] {
			continue
		}
		mine, others := false, false
		for _, u := range i.Uses {
			in := going[u.Visit]
			mine, others = mine || in, others || !in && !erased(u.Visit)
		}
		if mine && !others {
			out = append(out, i.ID)
		}
	}
	return out
}

// comes reports whether an invitation that repeats has a time that has not begun.
func comes(i record.Invitation, now time.Time) bool {
	return i.Off.IsZero() && slices.ContainsFunc(i.Times, func(o record.Occasion) bool { return o.Off.IsZero() && o.From > now.Unix() })
}
