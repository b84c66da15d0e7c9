package node

import (
	"context"
	"fmt"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// ActBadgeBack is what the audit calls the word of a desk that a badge was handed back.
const ActBadgeBack = "badge.back"

// BadgeBack records, on the word of by, that the badge of a visit was handed back: of
// whoever is inside still as of who has left. Of one that is back it does nothing.
// Durable when it returns. Errors: the Barred one, crdt.ErrUnknownVisit.
func (n *Node) BadgeBack(ctx context.Context, v record.VisitID, by string) error {
	if err := n.Barred(); err != nil {
		return err
	}
	p, err := n.replica.Presence(v)
	if err != nil {
		return fmt.Errorf("take a badge back: %w", err)
	}
	if !p.BadgeBack.IsZero() {
		return n.replica.Sync() // it may be another's word, still on its way to the disk
	}
	if err := n.ActBy(by, ActBadgeBack, []record.VisitID{v}, ""); err != nil {
		return fmt.Errorf("take a badge back: %w", err)
	}
	event := record.Event{Kind: record.BadgeBack, Visit: v, Place: place(n.Self()), How: "desk"}
	if _, err := n.replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
		return fmt.Errorf("take a badge back: %w", err)
	}
	return nil
}
