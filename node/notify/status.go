package notify

import (
	"bytes"
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Counts are entries by what has become of them.
type Counts struct{ Pending, Sent, Failed, Over, Handed int }

func (c *Counts) add(s State) {
	switch s {
	case Draft, Pending:
		c.Pending++
	case Sent:
		c.Sent++
	case Failed:
		c.Failed++
	case Over:
		c.Over++
	case Handed:
		c.Handed++
	}
}

// Channel is how a channel does. Server is the machine that it hands on to.
type Channel struct {
	Name, Kind, Server string
	Counts
	// Failing is since when it has been failing, zero while it works; Why in a
	// word, of Sentences.
	Failing time.Time
	Why     string
}

// Told is how far the messages of a start are.
type Told struct {
	Start record.EvacID
	Drill bool
	At    time.Time
	Counts
}

// Status is the outbox in numbers: no address, no name and no visit is in it.
type Status struct {
	Channels []Channel
	Counts
	// Oldest is since when what waits longest has waited.
	Oldest      time.Time
	Evacuations []Told
}

// Status is how the outbox stands.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Status{Channels: s.settings.channels()}
	per := map[string]*Channel{}
	for i := range out.Channels {
		c := &out.Channels[i]
		h := s.health[c.Name]
		c.Failing, c.Why = h.since, h.why
		per[c.Name] = c
	}
	evacs := map[record.EvacID]*Told{}
	for _, e := range s.entries {
		out.add(e.State)
		if c := per[e.Channel]; c != nil {
			c.add(e.State)
		}
		if e.State.active() && (out.Oldest.IsZero() || e.Made.Before(out.Oldest)) {
			out.Oldest = e.Made
		}
		if e.Kind != AlarmKind {
			continue
		}
		t := evacs[e.Start]
		if t == nil {
			t = &Told{Start: e.Start, Drill: e.Drill, At: e.At}
			evacs[e.Start] = t
		}
		t.add(e.State)
	}
	for _, t := range evacs {
		out.Evacuations = append(out.Evacuations, *t)
	}
	slices.SortFunc(out.Evacuations, func(a, b Told) int {
		return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.Start[:], b.Start[:]))
	})
	return out
}

// Totals are how often an entry of a channel came to a state since the node was
// started, by "channel/state" in two parts.
func (s *Service) Totals(each func(channel, state string, n uint64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, n := range s.totals {
		each(t.channel, t.state, n)
	}
}

// channels are those that are set, without how they do.
func (s Settings) channels() (out []Channel) {
	if s.SMTP != nil {
		out = append(out, Channel{Name: MailChannel, Kind: MailChannel, Server: s.SMTP.Host})
	}
	if s.SMS != nil {
		server := map[string]string{Elks: "api.46elks.com", Twilio: "api.twilio.com"}[s.SMS.Gateway]
		out = append(out, Channel{Name: TextChannel, Kind: s.SMS.Gateway, Server: cmp.Or(hostOf(s.SMS.URL), server)})
	}
	for _, h := range s.Hooks {
		out = append(out, Channel{Name: h.channel(), Kind: h.Kind, Server: hostOf(h.URL)})
	}
	return out
}

// hostOf is the machine of a URL, whose path may be a secret.
func hostOf(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Host
	}
	return ""
}

// ErrNoChannel means that no channel of a name is set.
var ErrNoChannel = &Problem{Key: "notify.no_channel", Word: "no_channel", Hint: "there is no such channel on this node: look at `upprop notify list`, and set it with `upprop notify set`"}

// Test sends one message over a channel at once, past the outbox. to is the
// address, for webhooks empty. Errors: *Problem, which says what is wrong with
// the channel.
func (s *Service) Test(ctx context.Context, channel string, to record.Private) error {
	set := s.Settings()
	c, ok := s.senders(set, channel)
	hook := strings.HasPrefix(channel, hookPrefix)
	switch {
	case !ok:
		return ErrNoChannel
	case !hook && to == "":
		return &Problem{Key: "notify.no_address", Word: "no_address", Field: "to", Hint: "a test of this channel needs an address: write it behind the channel"}
	}
	now := s.cfg.Now().UTC()
	m := message{id: idOf("test", channel, []byte(now.String())).String(), to: to, subject: "Test", text: "Test: Upprop can reach you here. / Test: Upprop når dig här."}
	if hook {
		m.body = []byte(`{"type":"test","timestamp":"` + now.Format(time.RFC3339) + `","data":{}}`)
	}
	ctx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	if err := c.send(ctx, m); err != nil {
		return &Problem{Key: "notify.test", Field: "to", Word: wordOf(err).why, Hint: "the test message was not sent, because " + Sentences[wordOf(err).why] + ": mend that, and try again"}
	}
	return nil
}
