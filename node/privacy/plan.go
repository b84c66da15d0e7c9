package privacy

import (
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/terms"
)

// due is how many days before its date a visit that is open is sealed anew, by
// role: desks first, and wardens what no desk has done.
var due = map[identity.Role]record.Day{identity.RoleDesk: 3, identity.RoleWarden: 1}

// Dates are until when the parts of a visit are sealed.
type Dates struct{ Card, Dossier record.Day }

func (d Dates) of(a record.Audience) record.Day {
	if a == record.DossierAudience {
		return d.Dossier
	}
	return d.Card
}

// Work is a visit to be sealed anew, and until when; what would be until no
// later than today is not sealed again.
type Work struct {
	Visit record.VisitID
	Until Dates
	// Shortens: it ends something before its date, as the terms say.
	Shortens bool
}

// Stand is how a visit stands: whether the person may be inside, whether it is
// kept for the person, so that the terms end nothing of it, the last day
// on which the particulars may be kept, the day on which the person was last
// known to be there, zero where that is not known, and for how many days its
// parts are kept by the terms that hold now.
type Stand struct {
	Open, Kept bool
	Ends, Last record.Day
	Keep       terms.Days
}

// Plan is what a node of a role should seal anew: open visits whose date is
// near, whatever is sealed to a key of the whole campus, and, at desks, what is
// over that would by its key live longer than the terms allow. reach is how long
// what is sealed until a date would live at most. While a node is not sure of the
// date it leaves what is over as it stands: a clock that is ahead would end it.
func Plan(records []KeyRecord, role identity.Role, today record.Day, sure bool, reach func(record.Day) record.Day, ofCampus func(KeyRecord) bool, stand func(record.VisitID) Stand) (out []Work) {
	within, may := due[role]
	if !may {
		return nil
	}
	type planned struct {
		Work
		Stand
		due bool
	}
	at := map[record.VisitID]int{}
	var all []planned
	for _, k := range records {
		if k.Shredded || k.Wrap == nil || len(k.Wrap) == nobodySize || k.Audience.OfPaper() ||
			role == identity.RoleWarden && k.Audience != record.CardAudience {
			continue
		}
		i, known := at[k.Visit]
		if !known {
			i = len(all)
			at[k.Visit] = i
			all = append(all, planned{Work: Work{Visit: k.Visit}, Stand: stand(k.Visit)})
		}
		p := &all[i]
		keep, to := p.Keep.Card, &p.Until.Card
		if k.Audience == record.DossierAudience {
			keep, to = p.Keep.Contact, &p.Until.Dossier
		}
		old := ofCampus(k)
		*to = k.Until
		switch {
		case p.Open && (old || k.Until <= today+within && k.Until < reach(today+keep)):
			p.due = true
		case p.Open, !sure, old && role != identity.RoleDesk:
		case old && p.Ends > today:
			*to, p.due = p.Ends, true
			if end := today + keep; end < p.Ends && !p.Kept {
				*to, p.Shortens = end, true
			}
		case !old && role == identity.RoleDesk && p.Last != 0 && !p.Kept:
			// Whoever sealed this knew the person to be there, by a date that was
			// borne out: a clock from long before makes nothing over.
			if end := max(p.Last, k.Until-terms.Most) + keep; k.Until > max(today, end) {
				*to, p.due, p.Shortens = end, true, true
			}
		}
	}
	for _, p := range all {
		if !p.due {
			continue // it stands, or is to die
		}
		if p.Open {
			p.Until = Dates{today + p.Keep.Card, today + p.Keep.Contact}
		}
		out = append(out, p.Work)
	}
	return out
}
