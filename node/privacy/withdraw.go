package privacy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/consent"
)

// ActWithdraw is what the audit calls a consent that was taken back. Which one
// is in the dossier alone: that there was one for help says something of health.
const ActWithdraw = "consent.withdraw"

// ErrNoConsent means that there is no such consent to take back.
var ErrNoConsent = &Problem{"consent.none", "no such consent of that visit stands: `upprop consent list VISIT` shows which do"}

// Withdraw takes back a consent of a visit, and what was kept because of it: the
// help that somebody needs, or that they are told of an alarm. It is on record
// before it is done and durable when it returns; what stood before is destroyed
// on every node as an outranked record is. how says where it was said, by by
// whom. Done at desks only. Errors: ErrNotDesk, ErrNotOpened, ErrNoConsent.
func (r *Resealer) Withdraw(ctx context.Context, visit record.VisitID, purpose consent.Purpose, how, by string) error {
	if r.cfg.Role() != identity.RoleDesk {
		return ErrNotDesk
	}
	act := record.Act{Kind: record.ActAudit, What: ActWithdraw, By: by, Visits: []record.VisitID{visit}}
	return r.Reseal(ctx, visit, Dates{}, func(p *Particulars) error {
		over := p.Card != nil && p.Dossier == nil && p.over
		if p.Card == nil || p.Dossier == nil && !over {
			return ErrNotOpened
		}
		if over && purpose == consent.Photo {
			return ErrNoConsent // nothing is left to mark
		}
		if over { // the register of consents has passed its date, and the datum has not
			if purpose != consent.Assist || p.Card.Assist == "" {
				return ErrNoConsent
			}
		} else if !takeBack(p.Dossier, purpose, how, r.cfg.Now(), p.Card.Assist != "") {
			return ErrNoConsent
		}
		if purpose == consent.Assist {
			p.Card.Assist = ""
		}
		if err := r.cfg.Act(ctx, []record.Act{act}); err != nil {
			return fmt.Errorf("withdraw consent: %w", err)
		}
		return nil
	})
}

// takeBack marks a consent as withdrawn; false where none stands. What was told
// to a release that kept no register counts as consented to.
func takeBack(d *record.Dossier, purpose consent.Purpose, how string, now time.Time, assist bool) bool {
	at := now.UTC().Truncate(time.Millisecond)
	told := purpose == consent.Assist && assist || purpose == consent.Notify && d.Notify
	if purpose == consent.Notify {
		d.Notify = false
	}
	d.Consents = slices.Clone(d.Consents)
	stood := false
	for i, c := range d.Consents {
		if c.Purpose == string(purpose) && c.Withdrawn.IsZero() {
			d.Consents[i].Withdrawn, d.Consents[i].WithdrawnHow, stood = at, how, true
		}
	}
	if told && !stood {
		d.Consents = append(d.Consents, record.Consent{Purpose: string(purpose), Withdrawn: at, WithdrawnHow: how})
	}
	return told || stood
}

// Agree adds a consent to a visit's dossier, in the place of one for the same that
// stands. It is durable when it returns. Done at desks only. Errors: ErrNotDesk,
// ErrNotOpened.
func (r *Resealer) Agree(ctx context.Context, visit record.VisitID, c record.Consent) error {
	if r.cfg.Role() != identity.RoleDesk {
		return ErrNotDesk
	}
	return r.Reseal(ctx, visit, Dates{}, func(p *Particulars) error {
		if p.Dossier == nil {
			return ErrNotOpened
		}
		all := slices.DeleteFunc(slices.Clone(p.Dossier.Consents), func(was record.Consent) bool { return was.Purpose == c.Purpose && was.Withdrawn.IsZero() })
		p.Dossier.Consents = append(all, c)
		return nil
	})
}
