package api

import (
	"net/http"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/doctor"
	"github.com/upprop/upprop/node/notify"
)

// Tally is entries of the outbox by what has become of them.
type Tally struct {
	Pending int `json:"pending"`
	Sent    int `json:"sent"`
	Failed  int `json:"failed"`
	// Over were not sent because what they were about was over; Handed are sent
	// by another node.
	Over   int `json:"over"`
	Handed int `json:"handed"`
}

func tally(c notify.Counts) Tally { return Tally(c) }

// NoticeChannel is a channel of this node and how it does. Of a webhook's
// address there is the machine alone: the rest may be a secret.
type NoticeChannel struct {
	Channel string `json:"channel"`
	Kind    string `json:"kind"`
	Server  string `json:"server"`
	Tally
	// FailingSince is null while it works; Why it fails, in a word, and Says in
	// a sentence.
	FailingSince Stamp   `json:"failing_since"`
	Why          *string `json:"why"`
	Says         *string `json:"says"`
}

// Told is how far the messages of one start of an evacuation are.
type Told struct {
	Evacuation record.EvacID `json:"evacuation"`
	Kind       string        `json:"kind"`
	StartedAt  Stamp         `json:"started_at"`
	Tally
}

// Notices is the outbox of this node in numbers.
type Notices struct {
	Tally
	Oldest      Stamp           `json:"oldest_pending"`
	Channels    []NoticeChannel `json:"channels"`
	Evacuations []Told          `json:"evacuations"`
	// Link and Reception are settings of the node's.
	Link      string `json:"link"`
	Reception string `json:"reception"`
	// RemindHours is after how many hours inside a host is asked whether the
	// visitor is still there; 0: never.
	RemindHours int `json:"remind_hours"`
}

func (a *API) notices(*http.Request) (any, error) { return a.outbox(), nil }

func (a *API) outbox() Notices {
	n := a.cfg.Node.Notices()
	s, set := n.Status(), n.Settings()
	out := Notices{
		Tally: tally(s.Counts), Oldest: Stamp{s.Oldest}, Channels: []NoticeChannel{}, Evacuations: []Told{}, Link: set.Link, Reception: set.Reception, RemindHours: set.AskedAfter(),
	}
	for _, c := range s.Channels {
		x := NoticeChannel{Channel: c.Name, Kind: c.Kind, Server: c.Server, Tally: tally(c.Counts), FailingSince: Stamp{c.Failing}}
		if !c.Failing.IsZero() {
			says := notify.Sentences[c.Why]
			x.Why, x.Says = &c.Why, &says
		}
		out.Channels = append(out.Channels, x)
	}
	for _, t := range s.Evacuations {
		out.Evacuations = append(out.Evacuations, Told{
			Evacuation: t.Start, Kind: record.Evacuation{Drill: t.Drill}.Kind(), StartedAt: Stamp{t.At}, Tally: tally(t.Counts),
		})
	}
	return out
}

// NoticeSettings is the request to set channels: what it has replaces what was
// set, a webhook the one of its name; what it leaves out stays. Link and
// Reception are cleared by an empty text.
type NoticeSettings struct {
	SMTP      *notify.SMTP `json:"smtp,omitempty"`
	SMS       *notify.SMS  `json:"sms,omitempty"`
	Webhook   *notify.Hook `json:"webhook,omitempty"`
	Link      *string      `json:"link,omitempty"`
	Reception *string      `json:"reception,omitempty"`
	// RemindHours is 1 to 72, or 0 for never.
	RemindHours *int `json:"remind_hours,omitempty"`
}

func (a *API) setNotices(r *http.Request) (any, error) {
	var in NoticeSettings
	if err := read(r, &in); err != nil {
		return nil, err
	}
	err := a.cfg.Node.ChangeNotices(func(s *notify.Settings) error {
		if in.SMTP != nil {
			s.SMTP = in.SMTP
		}
		if in.SMS != nil {
			s.SMS = in.SMS
		}
		if in.Webhook != nil {
			s.Hooks = append(without(s.Hooks, in.Webhook.Name), *in.Webhook)
		}
		if in.Link != nil {
			s.Link = strings.TrimSuffix(*in.Link, "/")
		}
		if in.RemindHours != nil {
			if s.RemindHours = *in.RemindHours; s.RemindHours == 0 {
				s.RemindHours = notify.NoReminders
			}
		}
		if in.Reception != nil {
			s.Reception = *in.Reception
		}
		return nil
	})
	return a.outbox(), err
}

// NoticeChannelName names a channel.
type NoticeChannelName struct {
	Channel string `json:"channel"`
}

func (a *API) removeNotices(r *http.Request) (any, error) {
	var in NoticeChannelName
	if err := read(r, &in); err != nil {
		return nil, err
	}
	err := a.cfg.Node.ChangeNotices(func(s *notify.Settings) error {
		name, hook := strings.CutPrefix(in.Channel, "webhook/")
		rest := without(s.Hooks, name)
		switch {
		case in.Channel == notify.MailChannel && s.SMTP != nil:
			s.SMTP = nil
		case in.Channel == notify.TextChannel && s.SMS != nil:
			s.SMS = nil
		case hook && len(rest) < len(s.Hooks):
			s.Hooks = rest
		default:
			return notify.ErrNoChannel
		}
		return nil
	})
	return a.outbox(), err
}

func without(hooks []notify.Hook, name string) (out []notify.Hook) {
	for _, h := range hooks {
		if h.Name != name {
			out = append(out, h)
		}
	}
	return out
}

// NoticeTest is the request to send one message at once.
type NoticeTest struct {
	Channel string `json:"channel"`
	To      Text   `json:"to,omitzero"`
}

func (a *API) testNotices(r *http.Request) (any, error) {
	var in NoticeTest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Notices().Test(r.Context(), in.Channel, in.To.Private); err != nil {
		return nil, err
	}
	return NoticeChannelName{in.Channel}, nil
}

// noticeFacts are what the doctor goes by.
func (a *API) noticeFacts() (out doctor.Notices) {
	s := a.cfg.Node.Notices().Status()
	out.Pending, out.Oldest = s.Pending, s.Oldest
	for _, c := range s.Channels {
		if !c.Failing.IsZero() {
			out.Failing = append(out.Failing, doctor.FailingChannel{Name: c.Name, Since: c.Failing, Why: notify.Sentences[c.Why]})
		}
	}
	return out
}
