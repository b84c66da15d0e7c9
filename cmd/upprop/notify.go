package main

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/notify"
)

func (c *command) notify() *cobra.Command {
	return group("notify", "Tell hosts of arrivals, and those inside of an alarm", c.notifySet(), c.notifyAdd(), c.notifyRemove(), c.notifyList(), c.notifyTest(), c.notifyStatus())
}

func (c *command) notifySet() *cobra.Command {
	return group("set", "Set how this node sends mail and text messages", c.notifySMTP(), c.notifySMS(), c.notifyText("link", "Set where the links in messages lead",
		`Set the https address at which a visitor's phone reaches the screens of a node:
messages of an alarm get a link then, by which people say that they are safe or
need help. Any node of the campus may be there. "off" leaves links out.`, "https://upprop.example.org"),
		c.notifyText("reception", "Set who is told of arrivals whose host gave no address",
			`Set an e-mail address that is told of arrivals where no address of the host was
given, and by desks that somebody may be on the watch list, without a name. Use a
shared one, not a person's own. "off" tells nobody.`, "reception@example.org"), c.notifyRemind())
}

func (c *command) notifyRemind() *cobra.Command {
	return &cobra.Command{
		Use: "remind HOURS|off", Short: "Set after how long a host is asked whether a visitor is still there",
		Long: `A visitor who has been inside for this long and has not checked out makes the list
of an evacuation wrong: a desk that sends mail asks the host, or the reception,
once. Nobody is taken off the list by it. It is 10h unless it is set.`,
		Example: "  upprop notify set remind 9h\n  upprop notify set remind off",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			hours := 0
			if args[0] != "off" {
				d, err := time.ParseDuration(args[0])
				if err != nil || d%time.Hour != 0 || d <= 0 {
					return wrongUsage("say after how many whole hours, like 10h, or off")
				}
				hours = int(d / time.Hour)
			}
			return c.setNotices(cmd, api.NoticeSettings{RemindHours: &hours}, "Set.")
		},
	}
}

// secretFlags say where a secret is.
type secretFlags struct{ file, env string }

func (f *secretFlags) add(cmd *cobra.Command, name, what string) {
	cmd.Flags().StringVar(&f.file, name+"-file", "", "the `file` with "+what+", which nobody else may read")
	cmd.Flags().StringVar(&f.env, name+"-env", "", "or the `variable` with "+what+" that upprop run was started with")
}

// secret is where a secret is; the file's path as the node can use it.
func (f secretFlags) secret() (notify.Secret, error) {
	path, err := wholePath(f.file)
	return notify.Secret{File: path, Env: f.env}, err
}

func wholePath(p string) (string, error) {
	if p == "" {
		return "", nil
	}
	whole, err := filepath.Abs(p)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", p, err)
	}
	return whole, nil
}

func (c *command) notifySMTP() *cobra.Command {
	var m notify.SMTP
	var password secretFlags
	cmd := &cobra.Command{
		Use: "smtp", Short: "Set the mail server that takes mail from this node",
		Long: `Set the mail server that takes mail from this node. The password stays in its
file: this node keeps where it is, and tells no other node. Mail never leaves
this machine without encryption.`,
		Example: "  upprop notify set smtp --host smtp.example.org --from upprop@example.org --user upprop --password-file /etc/upprop/smtp",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if m.Password, err = password.secret(); err != nil {
				return err
			}
			if m.CA, err = wholePath(m.CA); err != nil {
				return err
			}
			return c.setNotices(cmd, api.NoticeSettings{SMTP: &m}, "Mail goes over "+m.Host+". Try it: `upprop notify test smtp ADDRESS`.")
		},
	}
	f := cmd.Flags()
	f.StringVar(&m.Host, "host", "", "the server's name")
	f.IntVar(&m.Port, "port", 0, "its port (default 587, or 465 with implicit TLS)")
	f.StringVar(&m.From, "from", "", "the address that mail is from")
	f.StringVar(&m.User, "user", "", "the user to log in as (default: without logging in)")
	password.add(cmd, "password", "the password")
	f.StringVar(&m.TLS, "tls", "starttls", "starttls, implicit, or none to a server on this machine")
	f.StringVar(&m.CA, "ca-file", "", "the certificate of who signs the server's (default: this machine's own list)")
	must(cmd.MarkFlagRequired("host"))
	must(cmd.MarkFlagRequired("from"))
	return cmd
}

func (c *command) notifySMS() *cobra.Command {
	var m notify.SMS
	var password secretFlags
	cmd := &cobra.Command{
		Use: "sms", Short: "Set the gateway for text messages",
		Long: `Set the gateway for text messages, 46elks or Twilio, or with --url another that
speaks like one of them. The password stays in its file.`,
		Example: "  upprop notify set sms --gateway 46elks --user u1234 --password-file /etc/upprop/46elks --from Upprop",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if m.Password, err = password.secret(); err != nil {
				return err
			}
			return c.setNotices(cmd, api.NoticeSettings{SMS: &m}, "Text messages go over "+m.Gateway+". Try it: `upprop notify test sms NUMBER`.")
		},
	}
	f := cmd.Flags()
	f.StringVar(&m.Gateway, "gateway", "", "46elks or twilio")
	f.StringVar(&m.User, "user", "", "the API user, or the account's SID")
	password.add(cmd, "password", "the API password or token")
	f.StringVar(&m.From, "from", "", "the number or name that messages are from")
	f.StringVar(&m.URL, "url", "", "another address of the gateway")
	for _, name := range []string{"gateway", "user", "from"} {
		must(cmd.MarkFlagRequired(name))
	}
	return cmd
}

// notifyText is the command that sets one text.
func (c *command) notifyText(name, short, long, example string) *cobra.Command {
	return &cobra.Command{
		Use: name + " " + strings.ToUpper(name) + "|off", Short: short, Long: long, Example: "  upprop notify set " + name + " " + example,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := args[0]
			if text == "off" {
				text = ""
			}
			in := api.NoticeSettings{Link: &text}
			if name == "reception" {
				in = api.NoticeSettings{Reception: &text}
			}
			return c.setNotices(cmd, in, "Set.")
		},
	}
}

func (c *command) notifyAdd() *cobra.Command {
	return group("add", "Add a webhook", c.notifyWebhook())
}

func (c *command) notifyWebhook() *cobra.Command {
	var h notify.Hook
	var secret secretFlags
	cmd := &cobra.Command{
		Use: "webhook URL", Short: "Tell another system of arrivals and evacuations",
		Long: `Tell another system of arrivals and evacuations, by ids and places and never by
name: signed as Standard Webhooks has it, or as a line in Slack or Teams. A
webhook of the same name is replaced.`,
		Example: `  upprop notify add webhook https://example.org/hook --secret-file /etc/upprop/hook
  upprop notify add webhook https://hooks.slack.com/services/… --kind slack --name chat`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			h.URL = args[0]
			if h.Secret, err = secret.secret(); err != nil {
				return err
			}
			if h.Name == "" {
				u, err := url.Parse(h.URL)
				if err != nil {
					return wrongUsage("the webhook's address is not an address")
				}
				h.Name = strings.Trim(strings.ReplaceAll(strings.ToLower(u.Hostname()), ".", "-"), "-")
				h.Name = h.Name[:min(len(h.Name), 32)]
			}
			return c.setNotices(cmd, api.NoticeSettings{Webhook: &h}, "Added. Try it: `upprop notify test webhook/"+h.Name+"`.")
		},
	}
	f := cmd.Flags()
	f.StringVar(&h.Name, "name", "", "what to call it (default: by its machine)")
	f.StringVar(&h.Kind, "kind", notify.Standard, "standard, slack or teams")
	secret.add(cmd, "secret", "the secret to sign with")
	f.StringSliceVar(&h.Events, "event", []string{notify.EventStarted, notify.EventEnded}, "what to tell of; also "+notify.EventArrived+" and "+notify.EventCalled)
	f.BoolVar(&h.Private, "private", false, "the address may lead to this machine or to a private network")
	return cmd
}

// setNotices sets channels and says so.
func (c *command) setNotices(cmd *cobra.Command, in api.NoticeSettings, done string) error {
	var out api.Notices
	if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/notices/settings", in, &out); err != nil {
		return err
	}
	return c.say("%s", done)
}

func (c *command) notifyRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove CHANNEL", Short: "Remove a channel", Example: "  upprop notify remove webhook/chat", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Notices
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/notices/remove", api.NoticeChannelName{Channel: args[0]}, &out); err != nil {
				return err
			}
			return c.say("Removed. What waits for it is sent when it is set again, or given up.")
		},
	}
}

func (c *command) notifyTest() *cobra.Command {
	return &cobra.Command{
		Use: "test CHANNEL [TO]", Short: "Send one message over a channel at once",
		Example: "  upprop notify test smtp me@example.org\n  upprop notify test webhook/chat", Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.NoticeTest{Channel: args[0]}
			if len(args) > 1 {
				in.To = api.Text{Private: record.Private(args[1])}
			}
			var out api.NoticeChannelName
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/notices/test", in, &out); err != nil {
				return err
			}
			return c.say("Sent. Look whether it comes.")
		},
	}
}

func (c *command) notifyList() *cobra.Command {
	return c.notifyShow("list", "List the channels of this node, and how they do", func(n api.Notices) error {
		if len(n.Channels) == 0 {
			return c.say("This node has no channel: nobody is told of anything. Set one with `upprop notify set`.")
		}
		if err := c.table("CHANNEL\tKIND\tSERVER\tSTATE", func(w io.Writer) error {
			for _, x := range n.Channels {
				state := "ok"
				if x.Says != nil {
					state = "failing since " + moment(x.FailingSince.Time, time.Now()) + ": " + *x.Says
				}
				if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", x.Channel, x.Kind, orDash(x.Server), state); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		asked := "Nobody is asked about long visits."
		if n.RemindHours > 0 {
			asked = fmt.Sprintf("Hosts are asked about visits after %d hours.", n.RemindHours)
		}
		return c.say("Links in messages lead to: %s. Told where a host gave no address: %s. %s", orDash(n.Link), orDash(n.Reception), asked)
	})
}

func (c *command) notifyStatus() *cobra.Command {
	return c.notifyShow("status", "How many notices wait, were sent and failed", func(n api.Notices) error {
		waits := ""
		if n.Pending > 0 {
			waits = ", the oldest since " + moment(n.Oldest.Time, time.Now())
		}
		if err := c.say("%d wait to be sent%s. Of the last seven days, %d were sent, %d were given up, %d were over before they were sent.", n.Pending, waits, n.Sent, n.Failed, n.Over); err != nil {
			return err
		}
		for _, e := range n.Evacuations {
			what := map[string]string{"real": "Real evacuation", "drill": "Drill"}[e.Kind]
			if err := c.say("%s of %s: %d wait, %d sent, %d given up, %d over, %d left to another node (%s).", what, moment(e.StartedAt.Time, time.Now()), e.Pending, e.Sent, e.Failed, e.Over, e.Handed, e.Evacuation); err != nil {
				return err
			}
		}
		for _, x := range n.Channels {
			if x.Says != nil {
				if err := c.say("FAILING since %s: %s, because %s.", moment(x.FailingSince.Time, time.Now()), x.Channel, *x.Says); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (c *command) notifyShow(use, short string, show func(api.Notices) error) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  upprop notify " + use + "\n  upprop notify " + use + " --json", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out api.Notices
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/notices", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return show(out)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
