package rights

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// ActBreach is what the audit calls a breach report; its note is the node.
const ActBreach = "breach.report"

// toAuthority is how long the authority may wait for the notification from when
// the controller becomes aware (Article 33(1)).
const toAuthority = 72 * time.Hour

// sealedFor is how long an entrance can open what it sealed itself, while it
// stays powered: the life of a wrapping context.
const sealedFor = time.Hour

// ErrUnknownNode means a node that is not in the campus.
var ErrUnknownNode = &Problem{"node.unknown", "there is no node of that name in the campus: look at `upprop nodes`"}

// Exposed is a visit of which a node could open something.
type Exposed struct {
	Visit     record.VisitID
	Audiences []record.Audience
	// Since is from when it could.
	Since time.Time
	// Erased: it is erased by now, and that node has not confirmed.
	Erased bool
	// Kept: it is not the visit, but what is kept of it past its day.
	Kept bool
}

// Breach is whose data a node could open.
type Breach struct {
	Node Member
	// Aware is when this was first asked of the node, at any node; NotifyBy when
	// the authority must know.
	Aware, NotifyBy time.Time
	Visits          []Exposed
}

// Breach lists the visits of which a node could open something, as if whoever
// has it now had all that it ever received: what was retained, was not over
// before it was last heard, and was not confirmed as destroyed by it. The first
// report of a node starts the clock to the authority; each is on record.
// Errors: *Problem.
func (s *Service) Breach(ctx context.Context, name string) (Breach, error) {
	if _, err := s.desk(); err != nil {
		return Breach{}, err
	}
	members := s.cfg.Members()
	i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name || m.ID.String() == name })
	if i < 0 {
		return Breach{}, ErrUnknownNode
	}
	b := Breach{Node: members[i], Aware: s.cfg.Now().UTC()}
	err := s.cfg.Register.Visits(func(p record.Presence) error {
		e, ok := b.Node.could(p, s.cfg.Now())
		if !ok {
			return nil
		}
		receipts, err := s.cfg.Register.Receipts(p.Visit)
		if err != nil {
			return err
		}
		if _, confirmed := receipts[b.Node.ID]; confirmed {
			return nil
		}
		e.Erased = s.cfg.Register.Shredded(p.Visit)
		b.Visits = append(b.Visits, e)
		return nil
	})
	if err != nil {
		return Breach{}, fmt.Errorf("breach report: %w", err)
	}
	if err := s.keptAt(ctx, &b); err != nil {
		return Breach{}, fmt.Errorf("breach report: %w", err)
	}
	id := b.Node.ID.String()
	err = s.cfg.Register.ReadActs(func(e crdt.StoredActs) error {
		for _, a := range e.Acts.Acts {
			if a.Kind == record.ActAudit && a.What == ActBreach && a.Note == id && a.At.Time().Before(b.Aware) {
				b.Aware = a.At.Time()
			}
		}
		return nil
	})
	if err != nil {
		return Breach{}, fmt.Errorf("breach report: %w", err)
	}
	b.NotifyBy = b.Aware.Add(toAuthority)
	if _, err := s.cfg.Register.Commit(ctx, s.act(ActBreach, id)); err != nil {
		return Breach{}, fmt.Errorf("breach report: %w", err)
	}
	return b, nil
}

// keptAt adds what is kept past its day, of which a desk could open all that was
// signed or held while it was a member.
func (s *Service) keptAt(ctx context.Context, b *Breach) error {
	m := b.Node
	if !m.Desk {
		return nil
	}
	all, err := s.pastDay(ctx, record.VisitID{})
	if err != nil {
		return err
	}
	for _, k := range all {
		since := k.Since
		for _, x := range k.Signed {
			since = time.UnixMilli(x.At).UTC()
		}
		if !m.Revoked.IsZero() && since.After(m.Revoked) {
			continue
		}
		if m.Joined.After(since) {
			since = m.Joined
		}
		b.Visits = append(b.Visits, Exposed{Visit: k.ID, Audiences: []record.Audience{record.DossierAudience}, Since: since, Kept: true})
	}
	return nil
}

// could says what of a visit a node could open, by its role and while it was a
// member; false: nothing.
func (m Member) could(p record.Presence, now time.Time) (Exposed, bool) {
	began := p.Since
	if began == 0 {
		began = p.Seen.At
	}
	e := Exposed{Visit: p.Visit, Since: began.Time()}
	end := now
	if !m.Revoked.IsZero() {
		end = m.Revoked
	}
	switch {
	case p.Visit.IsZero(), e.Since.After(end):
		return e, false
	case !p.Open() && p.Ends != 0 && !m.LastHeard.IsZero() && p.Ends < record.DayOf(m.LastHeard):
		return e, false // its key had died before the node was out of hand
	}
	switch m.Role {
	case "desk":
		e.Audiences = []record.Audience{record.CardAudience, record.DossierAudience}
	case "warden":
		e.Audiences = []record.Audience{record.CardAudience}
	default:
		// It holds no keys, but those in memory of what it took in itself.
		if p.Arrived.By() != m.ID || !p.Arrived.At.Time().After(end.Add(-sealedFor)) {
			return e, false
		}
		e.Audiences = []record.Audience{record.CardAudience, record.DossierAudience}
	}
	if m.Joined.After(e.Since) {
		e.Since = m.Joined
	}
	return e, true
}

// BreachText is what the authority and those affected are to be told. Errors:
// ErrLang.
func (s *Service) BreachText(b Breach, lang Lang) (string, error) {
	dossiers, past := 0, 0
	for _, e := range b.Visits {
		if e.Kept {
			past++
		}
		if slices.Contains(e.Audiences, record.DossierAudience) {
			dossiers++
		}
	}
	t, err := render("breach", lang, map[string]any{
		"Campus": s.cfg.Campus(), "House": s.House(), "B": b, "People": len(b.Visits) - past, "Dossiers": dossiers - past, "Past": past,
		"Retention": s.kept(), "Now": s.cfg.Now(),
	})
	return t.Reveal(), err
}
