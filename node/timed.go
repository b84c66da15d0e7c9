package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// SignOutAfterSetting says after how many hours inside the clock signs a visitor
// out; 0 for never, which is what holds unless it is set.
const SignOutAfterSetting = settingSignOutAfter

const (
	settingSignOutAfter = "visits.sign_out_after"
	maxSignOutAfter     = 72
	// signOutTick is how often it is looked who has been inside for so long, and
	// signOutTurn how much longer each next desk waits for one before it.
	signOutTick, signOutTurn = time.Minute, 2 * time.Minute
	// signOutSome bounds what is signed out at a time.
	signOutSome = 64
)

// ErrSignOutAfter is EditSetting's error about SignOutAfterSetting.
var ErrSignOutAfter = errors.New("that is no number of hours by which the clock can sign out, and nothing was saved: write 1 to 72, or 0 to have nobody signed out by the clock")

func checkSignOutAfter(s string) error {
	if n, err := strconv.Atoi(s); err != nil || strconv.Itoa(n) != s || n < 0 || n > maxSignOutAfter {
		return ErrSignOutAfter
	}
	return nil
}

// SignOutAfter is after how many hours inside the clock signs a visitor out; 0
// for never.
func (n *Node) SignOutAfter() int {
	if s, ok := n.replica.Setting(settingSignOutAfter); ok && checkSignOutAfter(s.Value.String()) == nil {
		hours, _ := strconv.Atoi(s.Value.String())
		return hours
	}
	return 0
}

// SignsOutAt is when the clock signs a visitor out unless they leave, or are seen,
// before; zero: it does not.
func (n *Node) SignsOutAt(p record.Presence) time.Time {
	after := time.Duration(n.SignOutAfter()) * time.Hour
	if after == 0 || p.State != record.Present || !p.Heard() || p.Since == 0 || p.Arrived.How == record.HowFed {
		return time.Time{}
	}
	// A visit that seems to be older than anything that is kept was begun by a
	// clock that was wrong.
	if n.cfg.Now().Sub(p.Since.Time()) > retainDays*24*time.Hour {
		return time.Time{}
	}
	return max(p.Since, p.Seen.At).Time().Add(after)
}

// runSignOut signs out those who have been inside for as long as is set, until
// ctx ends.
func (n *Node) runSignOut(ctx context.Context) error {
	t := time.NewTicker(signOutTick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if err := n.signOut(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("who has been inside for long could not be signed out by the clock; tried again", "err", err)
		}
	}
}

// signOut says of those who have been inside, and not seen again, for as long as
// is set that the clock signed them out. That is no evidence of leaving: they
// stand on the list as having probably left, and are inside again when somebody
// sees them. A desk does it, one after another; none whose clock is in doubt, and
// none while an evacuation runs.
func (n *Node) signOut(ctx context.Context) error {
	if n.SignOutAfter() == 0 || !n.access().Dossiers || n.Barred() != nil || !n.expiry.Sure() {
		return nil
	}
	if _, on := n.replica.Evacuations().Running(""); on {
		return nil
	}
	now, rank := n.cfg.Now(), time.Duration(n.desksBefore())
	var drafts []crdt.Draft
	for _, p := range n.replica.Open() {
		due := n.SignsOutAt(p)
		if due.IsZero() || now.Before(due.Add(rank*signOutTurn)) {
			continue
		}
		drafts = append(drafts, crdt.Draft{Event: &record.Event{Kind: record.TimedOut, Visit: p.Visit, How: "clock", Place: place(n.Self())}})
		if len(drafts) == signOutSome {
			break
		}
	}
	if len(drafts) == 0 {
		return nil
	}
	if _, err := n.replica.Commit(ctx, drafts...); err != nil {
		return fmt.Errorf("sign out by the clock: %w", err)
	}
	return nil
}
