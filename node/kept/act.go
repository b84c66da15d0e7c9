package kept

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// MaxHold is for how many days a hold is made or renewed at once, so that somebody
// looks at it every year.
const MaxHold = 366

// Problems, matched with errors.Is.
var (
	ErrUnknownHold = &Problem{Key: "hold.unknown", Hint: "no such hold is known at this node: look at `upprop hold list`"}
	ErrHoldOver    = &Problem{Key: "hold.over", Hint: "that hold is over, and what it held is gone or dies by itself: make a new one while there is something to hold (`upprop hold add`)"}
	ErrHoldEnd     = &Problem{Key: "hold.end", Field: "until", Hint: fmt.Sprintf("a hold ends on a day after today, %d days from now at most: write --until as 2027-03-31, and renew it when that comes near", MaxHold)}
	ErrHoldLater   = &Problem{Key: "hold.later", Field: "until", Hint: "a hold is renewed to a later day than it has: to end it earlier, lift it (`upprop hold lift`)"}
	ErrNothing     = &Problem{Key: "hold.nothing", Hint: "there is nothing to hold that this node can open: the visit is not known here, or its particulars have been erased or have died"}
	ErrNotDesk     = &Problem{Key: "hold.not_desk", Hint: "this node opens nothing that is stored about visitors, so it holds nothing: do it at a desk"}
	ErrNotYet      = &Problem{Key: "hold.not_yet", Hint: "this node is asking the others which visits have been erased, or is in doubt of the date: try again in a few seconds, and look at `upprop doctor`"}
)

// HeldError is returned where something was to be erased that a hold keeps.
type HeldError struct{ Hold }

// Error says by which hold, until when and why; the reason names nobody.
func (e *HeldError) Error() string {
	return fmt.Sprintf("the visit is held until %s: %s. It cannot be erased before (Article 17(3)); answer who asks for it with that reason, or lift the hold: `upprop hold lift %s`",
		e.Until.Start().Format(time.DateOnly), e.Made.Reason, e.ID)
}

// Unwrap makes it one that screens and programs say in their words.
func (e *HeldError) Unwrap() error { return &Problem{Key: "hold.held", Hint: e.Error()} }

// may says why nothing can be held here now, and what day it is.
func (s *Service) may() (record.Day, error) {
	today, sure := s.cfg.Today()
	switch {
	case !s.cfg.Desk():
		return 0, ErrNotDesk
	case !sure || s.cfg.Withheld() != nil:
		return 0, ErrNotYet
	}
	return today, nil
}

// wire is what is done now about a hold.
func (s *Service) wire(reason string) holdWire {
	return holdWire{At: s.cfg.Now().UTC().Truncate(time.Millisecond), Node: s.cfg.Self, By: s.cfg.By, Reason: reason}
}

// Add holds a visit until the day before a day, for a reason that names nobody. It
// is durable and on record when it returns, and what is held is sealed. Errors:
// *Problem, those of Config.Reason.
func (s *Service) Add(ctx context.Context, v record.VisitID, reason string, until record.Day) (Hold, error) {
	today, err := s.may()
	if err != nil {
		return Hold{}, err
	}
	if until <= today || until > today+MaxHold {
		return Hold{}, ErrHoldEnd
	}
	if err := s.cfg.Reason(v, reason); err != nil {
		return Hold{}, err
	}
	s.holding.Lock()
	defer s.holding.Unlock()
	s.keeping.Lock()
	defer s.keeping.Unlock()
	var k record.Kept
	k.Visit = v
	if err := s.snapshot(&k); err != nil {
		return Hold{}, err
	}
	if k.Card == nil && k.Dossier == nil {
		return Hold{}, ErrNothing
	}
	var id record.CaseID
	rand.Read(id[:])
	name := strings.ToLower(id.String())
	w := s.wire(reason)
	w.Visit, w.Until = v, until.Start().Format(time.DateOnly)
	if err := sheet.Commit(ctx, s.cfg.Replica.Commit, s.act("hold.add", id.String(), v), w.setting(name, "made")); err != nil {
		return Hold{}, fmt.Errorf("hold a visit: %w", err)
	}
	h := s.holds(today)[name]
	return h, s.keepHold(ctx, h, today)
}

// Renew gives a hold a later end. Errors: *Problem, those of Config.Reason.
func (s *Service) Renew(ctx context.Context, id record.CaseID, reason string, until record.Day) (Hold, error) {
	today, h, err := s.running(id, reason)
	switch {
	case err != nil:
		return h, err
	case until <= today || until > today+MaxHold:
		return h, ErrHoldEnd
	case until <= h.Until:
		return h, ErrHoldLater
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	w := s.wire(reason)
	w.Until = until.Start().Format(time.DateOnly)
	what := "renewed/" + strings.ToLower(s.cfg.Self.String())
	if err := sheet.Commit(ctx, s.cfg.Replica.Commit, s.act("hold.renew", id.String(), h.Visit), w.setting(h.Name(), what)); err != nil {
		return h, fmt.Errorf("renew a hold: %w", err)
	}
	h = s.holds(today)[h.Name()]
	return h, s.keepHold(ctx, h, today)
}

// Lift ends a hold for good: what it held past its date is destroyed on every node,
// with receipts. What has not come to its date goes on as any other visit's.
// Errors: *Problem, those of Config.Reason.
func (s *Service) Lift(ctx context.Context, id record.CaseID, reason string) (Hold, error) {
	today, h, err := s.running(id, reason)
	if err != nil {
		return h, err
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	what := "lifted/" + strings.ToLower(s.cfg.Self.String())
	if err := sheet.Commit(ctx, s.cfg.Replica.Commit, s.act("hold.lift", id.String(), h.Visit), s.wire(reason).setting(h.Name(), what)); err != nil {
		return h, fmt.Errorf("lift a hold: %w", err)
	}
	h = s.holds(today)[h.Name()]
	if _, err := s.cfg.Replica.Sealed(record.PartKey{Visit: h.Key(), Audience: record.DossierAudience}); errors.Is(err, crdt.ErrUnknownVisit) || errors.Is(err, crdt.ErrErased) {
		return h, nil
	}
	if err := s.cfg.Erase(ctx, h.Key()); err != nil {
		return h, fmt.Errorf("lift a hold: %w", err)
	}
	return h, nil
}

// running is a hold that something is to be done about here.
func (s *Service) running(id record.CaseID, reason string) (record.Day, Hold, error) {
	today, err := s.may()
	if err != nil {
		return 0, Hold{}, err
	}
	h, err := s.Hold(id)
	switch {
	case err != nil:
		return 0, h, err
	case h.State != Running:
		return 0, h, ErrHoldOver
	}
	return today, h, s.cfg.Reason(h.Visit, reason)
}

// Erasing has do erase visits, or what is kept of some, unless a hold keeps one;
// none is made meanwhile. What must be kept of them is kept first. Errors:
// *HeldError, those of do.
func (s *Service) Erasing(ctx context.Context, ids []record.VisitID, do func() error) error {
	s.holding.RLock()
	defer s.holding.RUnlock()
	held, keys := s.Held(), map[record.VisitID]Hold{}
	for _, h := range s.holds(s.today()) {
		if h.State == Running {
			keys[h.Key()] = h
		}
	}
	for _, id := range ids {
		h, is := held(id)
		if !is {
			h, is = keys[id]
		}
		if is {
			return &HeldError{h}
		}
	}
	if err := s.Keep(ctx, ids...); err != nil {
		return err
	}
	return do()
}

// Keep keeps at once what must be kept of visits, as far as this node can: before
// they are erased, or asked about.
func (s *Service) Keep(ctx context.Context, ids ...record.VisitID) error {
	today, sure := s.cfg.Today()
	if !sure || !s.cfg.Desk() || s.cfg.Withheld() != nil {
		return nil
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	for _, id := range ids {
		if id.IsKept() {
			continue
		}
		_, err := s.keepSigned(ctx, id, today, 0)
		if err != nil && !errors.Is(err, crdt.ErrUnknownVisit) {
			return err
		}
	}
	return nil
}
