package rights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// linkFor is for how long a mailed link can be opened, linkUse for how long after
	// that its page can be used.
	linkFor, linkUse = 24 * time.Hour, 30 * time.Minute
	// mailPause is how long no other link to the page of one visit is sent.
	mailPause = time.Hour
)

// What mailed links are on record as: ActLink that some were sent, ActLinkOpened
// that one was opened; its note says which, and by whom as a digest of a secret.
const (
	ActLink       = "subject.link"
	ActLinkOpened = "subject.link_opened"
)

// Links signs the links to pages of people's own, mails them, and knows what
// became of them on all nodes.
type Links interface {
	// Ready reports whether links can be sent from here.
	Ready() bool
	// Sign is the address of a page; Read is what a token says, of a desk in good
	// standing. Errors: record.ErrLink.
	Sign(record.Link) (string, error)
	Read(token string) (record.Link, error)
	// Sent is when a link to a visit's page was sent last, Corrected when the visit
	// was; zero: not lately. Opened is by whom a link was opened, and when.
	Sent(record.VisitID) (time.Time, error)
	Corrected(record.VisitID) (time.Time, error)
	Opened(link string) (by string, at time.Time, err error)
	// Mail takes a mail down, durably. once names what it is about.
	Mail(v record.VisitID, to record.Private, l LinkMail, until time.Time, once string) error
}

// byLink is whose page a mailed link shows. The first who opens it has it, on all
// desks that hear of it, for linkUse. A link that was sent before the particulars
// were corrected is over: it may have gone to an address that was wrong.
func (f *Self) byLink(ctx context.Context, a SelfAsk) (record.VisitID, proof, error) {
	if f.cfg.Links == nil || len(a.Use) < 16 {
		return record.VisitID{}, unproved, ErrSelfLink
	}
	l, err := f.cfg.Links.Read(a.Link)
	if err != nil {
		return record.VisitID{}, unproved, ErrSelfLink
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now, use := f.s.cfg.Now(), digest(a.Use)
	by, at, err := f.cfg.Links.Opened(linkName(l))
	switch {
	case err != nil:
		return l.Visit, unproved, fmt.Errorf("open a link: %w", err)
	case by != "" && (by != use || now.Sub(at).Abs() >= linkUse), by == "" && l.Over(now):
		return l.Visit, unproved, ErrSelfLink
	}
	if _, _, err := f.s.cfg.Open(l.Visit); errors.Is(err, ErrNotYet) {
		return l.Visit, unproved, ErrNotYet
	} else if err != nil {
		return l.Visit, unproved, ErrSelfLink
	}
	if by == "" {
		right, err := f.cfg.Links.Corrected(l.Visit)
		if err != nil {
			return l.Visit, unproved, fmt.Errorf("open a link: %w", err)
		}
		if !right.IsZero() && !l.Until.Add(-linkFor).After(right) {
			return l.Visit, unproved, ErrSelfLink
		}
	}
	if err := f.counted(now, l.Visit); err != nil || by != "" {
		return l.Visit, byAddress, err
	}
	if _, err := f.s.cfg.Register.Commit(ctx, f.s.act(ActLinkOpened, linkName(l)+" "+use, l.Visit)); err != nil {
		return l.Visit, unproved, fmt.Errorf("open a link: %w", err)
	}
	return l.Visit, byAddress, nil
}

// linkName names a link on record. It opens nothing.
func linkName(l record.Link) string { return digest(l.Start.String()) }

// digest stands on record for what must not.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
