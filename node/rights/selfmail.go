package rights

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// mailQueue is how many addresses wait to be looked for, mailsAll how many are
	// asked about here within the hour, and mailsOne how often one of them is. mailLinks
	// is of how many visits one mail has links: the last ones.
	mailQueue, mailsAll, mailsOne = 16, 60, 3
	mailLinks                     = 5
)

// ErrMailed means that a link was sent within the hour.
var ErrMailed = &Problem{"self.mailed", "a link to this page was sent less than an hour ago: it is in the mail, or another can be sent later"}

// ErrNoAddress means that there is no address to which a link could be sent.
var ErrNoAddress = &Problem{"self.no_address", "no e-mail address is kept with this visit"}

// askMail takes down that somebody wants links to the pages of their visits. It
// returns before it is known whether there are any, so that neither the answer nor
// its time tells which addresses are kept.
func (f *Self) askMail(to record.Private) error {
	if f.cfg.Links == nil || !f.cfg.Links.Ready() {
		return ErrSelfNoMail
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now, code := f.s.cfg.Now(), typedCode(digest(folded(to)))
	f.mails.tidy(now)
	all := 0
	for _, at := range f.mails {
		all += len(at)
	}
	switch {
	case len(f.mails[code]) >= mailsOne:
		return nil
	case all >= mailsAll || len(f.asked) == cap(f.asked):
		return ErrSelfWait
	}
	f.mails[code] = append(f.mails[code], now)
	if folded(to) != "" {
		f.asked <- to
	}
	return nil
}

// Run mails the links that are asked for, until ctx ends. What waits then is
// forgotten: it has been promised to nobody.
func (f *Self) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case to := <-f.asked:
			if err := f.mailAll(ctx, to); err != nil && ctx.Err() == nil {
				f.s.cfg.Logger.Error("links that somebody asked for could not be mailed", "err", err)
			}
		}
	}
}

// mailAll mails links to the last visits that an address is kept with.
func (f *Self) mailAll(ctx context.Context, to record.Private) error {
	type found struct {
		record.VisitID
		at time.Time
		d  record.Dossier
	}
	var all []found
	want := folded(to)
	err := f.s.cfg.Register.Visits(func(p record.Presence) error {
		if p.Visit.IsZero() || f.s.cfg.Register.Shredded(p.Visit) {
			return ctx.Err()
		}
		if _, d, err := f.s.cfg.Open(p.Visit); err == nil && folded(d.Email) == want {
			all = append(all, found{p.Visit, p.Since.Time(), d})
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("look for an address: %w", err)
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Or(b.at.Compare(a.at), slices.Compare(a.VisitID[:], b.VisitID[:])) })
	all = all[:min(len(all), mailLinks)]
	f.mailing.Lock()
	defer f.mailing.Unlock()
	var m mailing
	for _, x := range all {
		if err := f.add(&m, x.VisitID, x.at); errors.Is(err, ErrMailed) {
			continue
		} else if err != nil {
			return err
		}
		if m.to == "" {
			m.to, m.lang = x.d.Email, x.d.Lang
		}
	}
	return f.send(ctx, f.s, m)
}

// MailLink mails a link to the page of one visit to the address that is kept with
// it, on record as what by does. Errors: *Problem.
func (f *Self) MailLink(ctx context.Context, v record.VisitID, by string) error {
	if _, err := f.s.desk(); err != nil {
		return err
	}
	if f.cfg.Links == nil || !f.cfg.Links.Ready() {
		return ErrSelfNoMail
	}
	p, err := f.s.visit(v)
	if err != nil {
		return err
	}
	_, d, err := f.s.cfg.Open(v)
	switch {
	case errors.Is(err, ErrNotYet), errors.Is(err, ErrNotDesk):
		return err
	case err != nil || d.Email == "":
		return ErrNoAddress
	}
	f.mailing.Lock()
	defer f.mailing.Unlock()
	m := mailing{to: d.Email, lang: d.Lang}
	if err := f.add(&m, v, p.Since.Time()); err != nil {
		return err
	}
	return f.send(ctx, f.s.As(by), m)
}

// mailing is one mail in the making.
type mailing struct {
	to     record.Private
	lang   string
	visits []record.VisitID
	links  []LinkLine
	until  time.Time
}

// add adds a link to the page of a visit, unless one was sent within the hour,
// from here or by another desk.
func (f *Self) add(m *mailing, v record.VisitID, at time.Time) error {
	now := f.s.cfg.Now()
	sent, err := f.cfg.Links.Sent(v)
	switch {
	case err != nil:
		return fmt.Errorf("mail a link: %w", err)
	case !sent.IsZero() && now.Sub(sent).Abs() < mailPause:
		return ErrMailed
	}
	l := record.Link{Visit: v, Until: now.Add(linkFor).Truncate(time.Second)}
	rand.Read(l.Start[:])
	url, err := f.cfg.Links.Sign(l)
	if err != nil {
		return fmt.Errorf("mail a link: %w", err)
	}
	m.visits, m.links, m.until = append(m.visits, v), append(m.links, LinkLine{at, url}), l.Until
	return nil
}

// send puts on record that links are sent, and then takes the mail down: a desk
// that is cut off between the two has sent none, and none is sent twice.
func (f *Self) send(ctx context.Context, s *Service, m mailing) error {
	if len(m.visits) == 0 {
		return nil
	}
	if _, err := s.cfg.Register.Commit(ctx, s.act(ActLink, "", m.visits...)); err != nil {
		return fmt.Errorf("mail a link: %w", err)
	}
	once := fmt.Sprint("own page ", m.until.Unix()/int64(mailPause/time.Second))
	if err := f.cfg.Links.Mail(m.visits[0], m.to, linkMail(m.lang, s.cfg.Campus(), m.links), m.until, once); err != nil {
		return fmt.Errorf("mail a link: %w", err)
	}
	return nil
}
