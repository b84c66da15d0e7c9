package office

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/notify"
)

// noticesPage is how this node tells hosts, those inside and other systems: on it is
// never a secret, nor of a webhook's address more than the machine.
type noticesPage struct {
	Frame    frame
	Channels []channelLine
	// Waiting, Failed and Sent are of all channels.
	Waiting, Failed, Sent int
	SMTP                  smtpForm
	SMS                   smsForm
	Hook                  hookForm
	Texts                 noticeTexts
	Done                  string
	Faults                faults
}

// channelLine is a channel and how it does. To: a test of it needs an address.
type channelLine struct {
	Name, Word, Server, State string
	Failing, To               bool
	Waiting                   int
}

// The forms, as what is set or as what was written. Secret says that one is kept.
type (
	smtpForm struct {
		Host, Port, From, User string
		Ways                   []choice
		Secret, Set            bool
	}
	smsForm struct {
		From, User, URL string
		Gateways        []choice
		Secret, Set     bool
	}
	hookForm struct {
		Name, URL string
		Kinds     []choice
		Events    []tickLine
		Private   bool
	}
	noticeTexts struct{ Link, Reception, Remind string }
)

func choices(r request, chosen string, all [][2]string) (out []choice) {
	for _, c := range all {
		out = append(out, choice{Value: c[0], Word: r.Text(c[1], nil), Chosen: c[0] == chosen})
	}
	return out
}

// The choices of the page, each with the key of its word.
var (
	mailWays     = [][2]string{{"starttls", "channels.starttls"}, {"implicit", "channels.implicit"}, {"none", "channels.in_clear"}}
	smsGateways  = [][2]string{{notify.Elks, "channels.elks"}, {notify.Twilio, "channels.twilio"}}
	hookKinds    = [][2]string{{notify.Standard, "channels.standard"}, {notify.Slack, "channels.slack"}, {notify.Teams, "channels.teams"}}
	hookEvents   = [][2]string{{notify.EventArrived, "channels.arrived"}, {notify.EventStarted, "channels.started"}, {notify.EventEnded, "channels.ended"}, {notify.EventCalled, "channels.called"}}
	channelWords = map[string]string{
		notify.MailChannel: "channels.mail", notify.Elks: "channels.elks", notify.Twilio: "channels.twilio",
		notify.Standard: "channels.standard", notify.Slack: "channels.slack", notify.Teams: "channels.teams",
	}
	// whyWords say why a channel fails.
	whyWords = map[string]string{
		"unreachable": "channels.why_unreachable", "login": "channels.why_login", "secret": "channels.why_secret", "tls": "channels.why_tls",
		"busy": "channels.why_busy", "refused": "channels.why_refused", "private-address": "channels.why_private",
	}
)

func (o *Office) notices(r request) (webkit.Response, error) {
	return o.noticesPage(r, o.noticeForms(r)), nil
}

// noticeForms are the forms as what is set fills them in.
func (o *Office) noticeForms(r request) noticesPage {
	set := o.cfg.Node.Notices().Settings()
	p := noticesPage{
		SMTP: smtpForm{Ways: choices(r, "starttls", mailWays)}, SMS: smsForm{Gateways: choices(r, notify.Elks, smsGateways)},
		Texts: noticeTexts{Link: set.Link, Reception: set.Reception, Remind: strconv.Itoa(set.AskedAfter())},
	}
	if m := set.SMTP; m != nil {
		p.SMTP = smtpForm{Host: m.Host, From: m.From, User: m.User, Ways: choices(r, m.TLS, mailWays), Secret: m.Password != notify.Secret{}, Set: true}
		if m.Port != 0 {
			p.SMTP.Port = strconv.Itoa(m.Port)
		}
	}
	if m := set.SMS; m != nil {
		p.SMS = smsForm{From: m.From, User: m.User, URL: m.URL, Gateways: choices(r, m.Gateway, smsGateways), Secret: m.Password != notify.Secret{}, Set: true}
	}
	p.Hook = hookOf(r, notify.Hook{Kind: notify.Standard})
	return p
}

func hookOf(r request, h notify.Hook) hookForm {
	f := hookForm{Name: h.Name, URL: h.URL, Kinds: choices(r, h.Kind, hookKinds), Private: h.Private}
	for _, e := range hookEvents {
		f.Events = append(f.Events, tickLine{Name: e[0], Word: r.Text(e[1], nil), On: slices.Contains(h.Events, e[0])})
	}
	return f
}

func (o *Office) noticesPage(r request, p noticesPage) webkit.Page {
	p.Frame = o.frame(r, "settings")
	now, st := o.cfg.Clock(), o.cfg.Node.Notices().Status()
	p.Waiting, p.Failed, p.Sent = st.Pending, st.Failed, st.Sent
	for _, c := range st.Channels {
		l := channelLine{Name: c.Name, Word: r.Text(channelWords[c.Kind], nil), Server: c.Server, Waiting: c.Pending, Failing: !c.Failing.IsZero(), To: c.Name == notify.MailChannel || c.Name == notify.TextChannel}
		if !l.To {
			l.Word += " " + strings.TrimPrefix(c.Name, "webhook/")
		}
		if l.State = r.Text("channels.works", nil); l.Failing {
			l.State = r.Text("channels.fails", map[string]any{"Since": o.moment(r, c.Failing, now), "Why": whyOf(r, c.Why)})
		}
		p.Channels = append(p.Channels, l)
	}
	return webkit.Page{Name: "notices", Path: "/admin/notices", Data: p}
}

func whyOf(r request, why string) string {
	if key := whyWords[why]; key != "" {
		return r.Text(key, nil)
	}
	return notify.Sentences[why]
}

// changeNotices does the one thing that was pressed.
func (o *Office) changeNotices(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), 4*patience)
	defer done()
	p, said := o.noticeForms(r), "channels.saved"
	var err error
	switch r.Field("do") {
	case "test":
		said = "channels.tested"
		err = o.cfg.Node.Notices().Test(ctx, r.Field("channel"), private(r, "to-"+r.Field("channel")))
	case "remove":
		said = "channels.removed"
		err = o.editNotices(r, func(s *notify.Settings, _ notify.Secret) error { return without(s, r.Field("channel")) })
	case "smtp":
		err = o.editNotices(r, p.SMTP.edit(r))
	case "sms":
		err = o.editNotices(r, p.SMS.edit(r))
	case "hook":
		err = o.editNotices(r, p.Hook.edit(r))
	default:
		err = o.editNotices(r, p.Texts.edit(r))
	}
	if q := new(notify.Problem); errors.As(err, &q) {
		err = inChannels(r, q)
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.noticesPage(r, p)
		})
	}
	p = o.noticeForms(r)
	p.Done = r.Text(said, nil)
	return o.noticesPage(r, p), nil
}

// inChannels is a problem in the reader's words.
func inChannels(r request, p *notify.Problem) lang.Problem {
	out := lang.Problem{Key: cmp.Or(badWords[p.Word], "channels.bad_other"), Field: cmp.Or(p.Field, "channels")}
	if out.Field == "to" {
		if out.Field = "to-" + r.Field("channel"); strings.Contains(out.Field, "/") {
			out.Field = "channels" // a webhook has no address to write
		}
	}
	if p.Key == "notify.test" {
		out.Key, out.Args = "channels.not_sent", map[string]any{"Why": whyOf(r, p.Word)}
	}
	return out
}

// badWords say what is wrong with a form, by the word of a notify.Problem.
var badWords = map[string]string{
	"hook_taken":   "channels.bad_hook_taken",
	"link":         "channels.bad_link",
	"reception":    "channels.bad_reception",
	"remind":       "channels.bad_remind",
	"host":         "channels.bad_host",
	"port":         "channels.bad_port",
	"from":         "channels.bad_from",
	"tls":          "channels.bad_tls",
	"clear":        "channels.bad_clear",
	"login":        "channels.bad_login",
	"gateway":      "channels.bad_gateway",
	"gateway_user": "channels.bad_gateway_user",
	"sms_from":     "channels.bad_sms_from",
	"gateway_url":  "channels.bad_gateway_url",
	"hook_name":    "channels.bad_hook_name",
	"hook_url":     "channels.bad_hook_url",
	"hook_kind":    "channels.bad_hook_kind",
	"unsigned":     "channels.bad_unsigned",
	"no_event":     "channels.bad_no_event",
	"event":        "channels.bad_event",
	"no_secret":    "channels.bad_no_secret",
	"secret":       "channels.bad_secret",
	"no_address":   "channels.bad_no_address",
	"no_channel":   "channels.bad_no_channel",
}

type noticeEdit = func(*notify.Settings, notify.Secret) error

func (o *Office) editNotices(r request, edit noticeEdit) error {
	return o.cfg.Node.ChangeNoticesBy(r.by(), r.Field("secret"), edit)
}

// without takes a channel away.
func without(s *notify.Settings, channel string) error {
	rest := slices.DeleteFunc(slices.Clone(s.Hooks), func(h notify.Hook) bool { return "webhook/"+h.Name == channel })
	switch {
	case channel == notify.MailChannel && s.SMTP != nil:
		s.SMTP = nil
	case channel == notify.TextChannel && s.SMS != nil:
		s.SMS = nil
	case len(rest) < len(s.Hooks):
		s.Hooks = rest
	default:
		return notify.ErrNoChannel
	}
	return nil
}

// edit is what the form says, which keeps what was written. A secret that is not
// typed stays, as does what only a command can say.
func (f *smtpForm) edit(r request) noticeEdit {
	f.Host, f.Port, f.From, f.User = r.Field("host"), r.Field("port"), r.Field("from"), r.Field("user")
	f.Ways = choices(r, r.Field("tls"), mailWays)
	port, err := strconv.Atoi(f.Port)
	if f.Port != "" && (err != nil || port == 0) {
		port = -1 // no port: the rules say so
	}
	return func(s *notify.Settings, secret notify.Secret) error {
		m := notify.SMTP{Host: f.Host, Port: port, From: f.From, User: f.User, TLS: r.Field("tls")}
		if was := s.SMTP; was != nil {
			m.CA = was.CA
			if m.User != "" {
				m.Password = was.Password
			}
		}
		if secret != (notify.Secret{}) {
			m.Password = secret
		}
		s.SMTP = &m
		return nil
	}
}

func (f *smsForm) edit(r request) noticeEdit {
	f.From, f.User, f.URL = r.Field("sms_from"), r.Field("sms_user"), r.Field("url")
	f.Gateways = choices(r, r.Field("gateway"), smsGateways)
	return func(s *notify.Settings, secret notify.Secret) error {
		m := notify.SMS{Gateway: r.Field("gateway"), From: f.From, User: f.User, URL: f.URL, Password: secret}
		if secret == (notify.Secret{}) && s.SMS != nil {
			m.Password = s.SMS.Password
		}
		s.SMS = &m
		return nil
	}
}

func (f *hookForm) edit(r request) noticeEdit {
	h := notify.Hook{Name: r.Field("name"), URL: r.Field("hook_url"), Kind: r.Field("kind"), Private: r.Field("private") != ""}
	for _, e := range hookEvents {
		if r.Field("event-"+e[0]) != "" {
			h.Events = append(h.Events, e[0])
		}
	}
	*f = hookOf(r, h)
	return func(s *notify.Settings, secret notify.Secret) error {
		h.Secret = secret
		s.Hooks = append(s.Hooks, h)
		return nil
	}
}

func (f *noticeTexts) edit(r request) noticeEdit {
	*f = noticeTexts{Link: r.Field("link"), Reception: r.Field("reception"), Remind: r.Field("remind")}
	return func(s *notify.Settings, _ notify.Secret) error {
		hours, err := strconv.Atoi(f.Remind)
		switch {
		case err != nil || hours < 0:
			hours = notify.NoReminders - 1 // none that is taken: the rules say so
		case hours == 0:
			hours = notify.NoReminders
		}
		s.Link, s.Reception, s.RemindHours = strings.TrimSuffix(f.Link, "/"), f.Reception, hours
		return nil
	}
}
