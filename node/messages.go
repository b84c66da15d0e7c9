package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/visits"
)

// ActMessage is what the audit calls a word from a desk to a visitor or a host; its
// note is the Way, and nothing of what was written.
const ActMessage = "visit.message"

// Way is to whom a desk's word goes, and over which channel.
type Way string

// The ways, in the order in which they are offered.
const (
	TextVisitor Way = "visitor sms"
	MailVisitor Way = "visitor smtp"
	MailHost    Way = "host smtp"
)

// messageFor is for how long a desk's word is sent: later it has been said.
const messageFor = time.Hour

// Errors of SendMessage. None says anything of what was written, or to whom.
var (
	ErrNoWay     = errors.New("the message was not sent: no address for it is kept, or this node has no such channel: look at `upprop notify list`")
	ErrNoWords   = errors.New("the message was not sent: nothing is written in it")
	ErrNotInside = errors.New("the visit is over, or is not known here")
)

// MessageWays are those by which a word can be sent about a visit that is open: by
// what channels this node has, and what addresses are kept. channels: it has one.
func (n *Node) MessageWays(ctx context.Context, v record.VisitID) (ways []Way, channels bool) {
	all, channels := n.messageWays(ctx, v)
	for _, w := range []Way{TextVisitor, MailVisitor, MailHost} {
		if all[w] != "" {
			ways = append(ways, w)
		}
	}
	return ways, channels
}

// messageWays are the addresses by way.
func (n *Node) messageWays(ctx context.Context, v record.VisitID) (all map[Way]record.Private, channels bool) {
	set, all := n.notices.Settings(), map[Way]record.Private{}
	if set.SMTP == nil && set.SMS == nil {
		return all, false
	}
	d, err := n.visits.Dossier(v)
	if err != nil && !errors.Is(err, crdt.ErrUnknownVisit) {
		return all, true
	}
	if set.SMS != nil && notify.TextTo(d.Phone) {
		all[TextVisitor] = d.Phone
	}
	if set.SMTP == nil {
		return all, true
	}
	all[MailVisitor] = notify.MailTo(d.Email)
	if host, err := n.hostOf(ctx, v); err == nil {
		all[MailHost] = notify.MailTo(host)
	}
	return all, true
}

// SendMessage takes down a word from a desk, on record for by; durable when it
// returns. It is sent once, whatever once names however often it is taken down, and
// not at all when the visit ends, is erased or restricted before. Errors:
// *visits.Problem, visits.ErrRestricted, ErrNoWay, ErrNoWords, ErrNotInside.
func (n *Node) SendMessage(ctx context.Context, v record.VisitID, way Way, words record.Private, once, by string) error {
	if err := n.Barred(); err != nil {
		return err
	}
	p, err := n.replica.Presence(v)
	switch {
	case err != nil && !errors.Is(err, crdt.ErrUnknownVisit):
		return fmt.Errorf("send a message: %w", err)
	case err != nil || !p.Open():
		return ErrNotInside
	case len(p.Restricted) > 0:
		return visits.ErrRestricted
	}
	// A message is one line: what was written on several is joined.
	words, err = visits.Line(visits.MessageField, record.Private(strings.Join(strings.Fields(words.Reveal()), " ")))
	if err != nil {
		return err
	}
	if words == "" {
		return ErrNoWords
	}
	all, _ := n.messageWays(ctx, v)
	to := all[way]
	if to == "" || !slices.Contains([]Way{TextVisitor, MailVisitor, MailHost}, way) {
		return ErrNoWay
	}
	if err := n.ActBy(by, ActMessage, []record.VisitID{v}, string(way)); err != nil {
		return fmt.Errorf("send a message: %w", err)
	}
	l := notify.Letter{Kind: notify.DeskKind, Visit: v, To: to, Until: n.cfg.Now().Add(messageFor), Once: once}
	if way == TextVisitor {
		l.Text = n.CampusName() + ": " + words.Reveal()
		err = n.notices.Text(l)
	} else {
		l.Subject, l.Text = notify.DeskMail(v, way == MailHost, words)
		err = n.notices.Mail(l)
	}
	if errors.Is(err, notify.ErrNoMail) || errors.Is(err, notify.ErrNoTexts) {
		return ErrNoWay
	}
	return err
}
