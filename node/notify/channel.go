package notify

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// message is one thing on its way out. It is made when it is sent and kept
// nowhere.
type message struct {
	id            string
	to            record.Private
	subject, text string
	// html, calendar, picture and logo are of a mail, where it has them.
	html, calendar, method string
	picture, logo          []byte
	// body is what a webhook says.
	body []byte
}

// sender is a channel. send returns nil when the other side has taken the
// message; its errors are *fault.
type sender interface {
	send(ctx context.Context, m message) error
}

// channelOf is the sender of a channel.
func channelOf(s Settings, name string) (sender, bool) {
	switch {
	case name == MailChannel && s.SMTP != nil:
		return mailSender{*s.SMTP, time.Now}, true
	case name == TextChannel && s.SMS != nil:
		return textSender{*s.SMS, time.Now}, true
	}
	if h, ok := s.hook(name); ok {
		return hookSender{h, time.Now}, true
	}
	return nil, false
}

// message makes what is sent.
func (s *Service) message(set Settings, e Entry) (m message, err error) {
	m.id = e.ID.String()
	switch e.Kind {
	case HookKind:
		m.id = hookID(e)
		m.body, m.text, err = tell(e, s.cfg.Zone)
		return m, err
	case HostKind, InviteKind, OwnKind, RemindKind, WatchKind, DeskKind:
		l, err := s.unlock(e.ID)
		if err != nil {
			return m, &fault{why: "lost", forGood: true}
		}
		m.to, m.subject, m.text = record.Private(l.To), l.Subject, l.Text
		m.html, m.calendar, m.method, m.picture, m.logo = l.HTML, l.Calendar, l.Method, l.Picture, l.Logo
		return m, nil
	}
	d, err := s.cfg.Dossier(e.Visit)
	switch {
	case errors.Is(err, crdt.ErrErased), errors.Is(err, crdt.ErrExpired):
		return m, errErased
	case err != nil:
		return m, &fault{why: whyBusy}
	}
	if m.to = d.Phone; e.Channel == MailChannel {
		m.to = d.Email
	}
	if m.to == "" || !d.Notify {
		return m, &fault{why: whyGone, forGood: true}
	}
	link := ""
	if set.Link != "" && s.cfg.SignLink != nil {
		token, err := s.cfg.SignLink(record.Link{Visit: e.Visit, Start: e.Start, Until: e.At.Add(linkFor)})
		if err != nil {
			return m, &fault{why: whyBusy}
		}
		link = strings.TrimSuffix(set.Link, "/") + "/r/" + token
	}
	m.subject, m.text = alarmText(d.Lang, e.Drill, e.At.In(s.cfg.Zone), e.Site, s.cfg.Points(e.Site), link)
	return m, nil
}
