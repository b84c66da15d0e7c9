package invitations

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// Who is invited has a link in the mail by which they say that they come at
// another time of the day, or cannot come. Whoever holds it may say so, at any
// node that is reached, and reads nothing but when and where. It takes nothing
// back: an invitation stays good, for plans change twice.

const (
	// maxAnswers bounds what is said of one invitation.
	maxAnswers = 20
	// answerFor is for how long after an answer its host is told of it.
	answerFor = 24 * time.Hour
)

// link is the address by which who is invited answers; empty where there is none.
// secret is that of its paper, by which they fill in what is asked of them.
func (s *Service) link(i record.Invitation, secret [16]byte) string {
	if s.cfg.SignLink == nil || s.cfg.Web == nil || s.cfg.Web() == "" {
		return ""
	}
	token, err := s.cfg.SignLink(record.Link{Visit: i.ID, Start: record.EvacID(i.ID), Until: time.Unix(i.To, 0)})
	if err != nil {
		return ""
	}
	if secret != ([16]byte{}) {
		token += "." + base64.RawURLEncoding.EncodeToString(secret[:])
	}
	return strings.TrimSuffix(s.cfg.Web(), "/") + "/i/" + token
}

// Asked is what the page behind a link shows.
type Asked struct {
	// On is the occasion that is meant; Place where.
	On    record.Span
	Place record.Place
	// Answer is the last word on it; nil where there is none.
	Answer *record.Answer
	// Form is what can be filled in; nil where nothing can be now.
	Form *Form
}

// Asked is what who holds a link is asked. Errors: record.ErrLink, *Problem.
func (s *Service) Asked(token string) (Asked, error) {
	i, err := s.linked(token)
	if err != nil {
		return Asked{}, err
	}
	_, secret := parts(token)
	out := Asked{On: s.next(i), Place: i.Place, Form: s.form(i, secret)}
	if n := slices.IndexFunc(i.Answers, func(a record.Answer) bool { return a.On == out.On.From }); n >= 0 {
		out.Answer = &i.Answers[n]
	}
	return out, nil
}

func (s *Service) linked(token string) (record.Invitation, error) {
	if s.cfg.Link == nil {
		return record.Invitation{}, record.ErrLink
	}
	signed, _ := parts(token)
	l, err := s.cfg.Link(signed)
	if err != nil || l.Start != record.EvacID(l.Visit) {
		return record.Invitation{}, record.ErrLink
	}
	i, ok := s.cfg.Replica.Invitation(l.Visit)
	switch {
	case !ok || i.Made.IsZero():
		return i, problem("invitations.not_heard", "", "this node has not heard of the invitation yet: try again later, or call whom you are to meet")
	case !i.Off.IsZero():
		return i, problem("invitations.off", "", "this invitation has been cancelled: ask whom you were to meet, or at the reception")
	case s.over(i) || l.Over(s.cfg.Now()):
		return i, problem("invitations.over", "", "this invitation is no longer valid: ask whom you were to meet, or at the reception")
	}
	return i, nil
}

// Answer says, durably, that who holds a link comes at a time of the day of the
// next occasion, like "10:30", or not at all where that is empty. Errors:
// record.ErrLink, *Problem, the Barred one.
func (s *Service) Answer(ctx context.Context, token, at string) error {
	if err := s.cfg.Barred(); err != nil {
		return err
	}
	i, err := s.linked(token)
	if err != nil {
		return err
	}
	on := s.next(i)
	event := record.Event{Kind: record.Answered, Visit: i.ID, Place: s.cfg.Place(), To: on.From, How: "link"}
	if at != "" {
		// 10.30 is how many write it, in Swedish, Danish and Finnish among others.
		clock, err := time.Parse("15:04", strings.Replace(strings.TrimSpace(at), ".", ":", 1))
		if err != nil {
			return problem("invitations.clock", "at", "the time could not be read: write it like 10:30")
		}
		day := time.Unix(on.From, 0).In(s.cfg.Zone)
		event.From = time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), 0, 0, s.cfg.Zone).Unix()
		if event.From < s.cfg.Now().Unix()-3600 {
			return problem("invitations.past", "at", "that time is over: choose one to come")
		}
	}
	for _, a := range i.Answers {
		if a.On == on.From && a.At == event.From {
			return nil
		}
	}
	if i.Answered >= maxAnswers {
		return problem("invitations.answers", "", "that has been changed many times already: call whom you are to meet")
	}
	drafts := []crdt.Draft{{Event: &event}}
	if at == "" && len(i.Times) == 0 {
		drafts = append(drafts, s.shred(i)...)
	}
	if _, err := s.cfg.Replica.Commit(ctx, drafts...); err != nil {
		return fmt.Errorf("answer an invitation: %w", err)
	}
	return nil
}

// onceOf names a mail about an answer.
func onceOf(a record.Answer, to string) string {
	return fmt.Sprintf("%s %s %x %d", to, a.ID.Doc, a.ID.Actor, a.ID.Seq)
}

// tellAnswers tells the hosts of what this node invited to, and brings the
// calendars of who is invited up to date. Each is taken down once.
func (s *Service) tellAnswers(ctx context.Context) {
	if s.cfg.Tell == nil || !s.cfg.Desk() || s.cfg.Barred() != nil {
		return
	}
	for _, i := range s.cfg.Replica.Invitations() {
		if !s.cfg.Mine(i.ID) || len(i.Answers) == 0 || !i.Off.IsZero() {
			continue
		}
		for _, a := range i.Answers {
			if age := s.cfg.Now().Sub(a.Fact.At.Time()); age > answerFor {
				continue
			}
			invite, err := s.open(i.ID)
			if err != nil {
				continue // erased, or not to be opened here now
			}
			s.tellHost(ctx, i, invite, a)
			what := news{off: a.At == 0, answer: &a}
			if len(i.Times) > 0 {
				for _, o := range i.Times {
					if o.From == a.On {
						what.only = &o.Span
					}
				}
			}
			qr := ""
			if a.At != 0 {
				made, _, err := s.Paper(i.ID)
				if err != nil {
					continue
				}
				qr = made.QR
			}
			s.send(i, invite, qr, what)
		}
	}
}

// tellHost says, in Swedish and in English, since it is not known what a host
// reads, who comes later or not at all.
func (s *Service) tellHost(ctx context.Context, i record.Invitation, invite record.Invite, a record.Answer) {
	to := invite.HostMail
	if to == "" && s.cfg.HostMail != nil && invite.Host != "" {
		to = s.cfg.HostMail(ctx, invite.Host)
	}
	if to == "" {
		return
	}
	on := time.Unix(a.On, 0).In(s.cfg.Zone).Format("2006-01-02 15:04")
	sv, en := "kan inte komma "+on, "cannot come on "+on
	if a.At != 0 {
		at := time.Unix(a.At, 0).In(s.cfg.Zone).Format("15:04")
		sv, en = "kommer kl. "+at+" i stället, "+on[:10], "comes at "+at+" instead, on "+on[:10]
	}
	name := cmp.Or(invite.Name.Reveal(), "?")
	text := name + " " + sv + ".\n" + name + " " + en + ".\n"
	_ = s.cfg.Tell(Letter{
		Visit: i.ID, To: to, Subject: "Besök / Visit " + on, Text: text, Once: onceOf(a, "host"), Until: s.cfg.Now().Add(answerFor),
		HTML: "<!doctype html><html><body><p>" + strings.ReplaceAll(html.EscapeString(strings.TrimSpace(text)), "\n", "<br>") + "</p></body></html>",
	})
}
