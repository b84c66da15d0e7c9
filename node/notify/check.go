package notify

import (
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// unfit is a Problem about a field of the settings, which screens say by its word.
func unfit(word, field, what, do string) *Problem {
	return &Problem{Key: "notify.settings", Word: word, Field: field, Hint: what + ": " + do}
}

var (
	hookName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	senderName = regexp.MustCompile(`^(\+[1-9][0-9]{5,14}|[A-Za-z][A-Za-z0-9]{0,10}|MG[0-9a-f]{32})$`)
)

// check judges the channels.
func (s Settings) check() error {
	if s.SMTP != nil {
		if err := s.SMTP.check(); err != nil {
			return err
		}
	}
	if s.SMS != nil {
		if err := s.SMS.check(); err != nil {
			return err
		}
	}
	names := map[string]bool{}
	for _, h := range s.Hooks {
		if err := h.check(); err != nil {
			return err
		}
		if names[h.Name] {
			return unfit("hook_taken", "name", "there is a webhook of that name already", "choose another with --name")
		}
		names[h.Name] = true
	}
	if s.Link != "" {
		if u, err := url.Parse(s.Link); err != nil || u.Scheme != "https" && !local(u) || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return unfit("link", "link", "the address of links is not one that a phone can use", "give the https address at which the screens of a node are reached, like https://upprop.example.org")
		}
	}
	if s.Reception != "" && !isAddress(s.Reception) {
		return unfit("reception", "reception", "the reception's address is not an e-mail address", "write it like reception@example.org")
	}
	if s.RemindHours < NoReminders || s.RemindHours > mostRemindHours {
		return unfit("remind", "remind", "hosts are asked after 1 to 72 hours, or never", "write it like 10h, or off")
	}
	return nil
}

func (m SMTP) check() error {
	loopback := m.Host == "localhost" || net.ParseIP(m.Host).IsLoopback()
	switch {
	case m.Host == "" || strings.ContainsAny(m.Host, "/ @"):
		return unfit("host", "host", "the mail server is not the name of a machine", "write it like smtp.example.org")
	case m.Port < 0 || m.Port > 65535:
		return unfit("port", "port", "the port is not between 1 and 65535", "leave it out to use the usual one")
	case !isAddress(m.From):
		return unfit("from", "from", "the sender is not an e-mail address", "write it like upprop@example.org")
	case m.TLS != "starttls" && m.TLS != "implicit" && m.TLS != "none":
		return unfit("tls", "tls", "this is no way to encrypt mail", "use --tls starttls or --tls implicit")
	case m.TLS == "none" && !loopback:
		return unfit("clear", "tls", "mail would cross the network in clear", "use --tls starttls or --tls implicit; none is for a mail server on this machine")
	case m.User != "" && m.Password.none() || m.User == "" && !m.Password.none():
		return unfit("login", "user", "a user needs a password, and a password a user", "give both --user and --password-file, or neither")
	case m.CA != "" && !filepath.IsAbs(m.CA):
		return unfit("ca", "ca", "the path of the certificate is not absolute", "give the whole path")
	}
	return m.Password.check(true)
}

func (m SMS) check() error {
	switch {
	case m.Gateway != Elks && m.Gateway != Twilio:
		return unfit("gateway", "gateway", "this gateway is not known", "use --gateway 46elks or --gateway twilio, and --url for another that speaks like one of them")
	case m.User == "":
		return unfit("gateway_user", "sms_user", "the gateway needs a user", "give the API user or account with --user")
	case !senderName.MatchString(m.From):
		return unfit("sms_from", "sms_from", "a message cannot be sent from that", "give --from a number like +46700000000, or a name of up to 11 letters and digits")
	}
	if m.URL != "" {
		if u, err := url.Parse(m.URL); err != nil || u.Scheme != "https" && !local(u) || u.Host == "" {
			return unfit("gateway_url", "url", "the gateway's address is not an https address", "write it like https://gateway.example.org/sms")
		}
	}
	return m.Password.check(false)
}

func (h Hook) check() error {
	u, err := url.Parse(h.URL)
	switch {
	case !hookName.MatchString(h.Name):
		return unfit("hook_name", "name", "a webhook needs a name of small letters, digits and hyphens", "give one with --name")
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !h.Private):
		return unfit("hook_url", "hook_url", "the webhook's address is not an https address", "write it like https://example.org/hook; http is for --private addresses alone")
	case h.Kind != Standard && h.Kind != Slack && h.Kind != Teams:
		return unfit("hook_kind", "kind", "this kind of webhook is not known", "use --kind standard, slack or teams")
	case h.Kind == Standard && h.Secret.none():
		return unfit("unsigned", "secret", "what is sent would not be signed", "give the secret with --secret-file, as whsec_ and base64")
	case len(h.Events) == 0:
		return unfit("no_event", "events", "the webhook would be told of nothing", "give at least one --event")
	}
	for _, e := range h.Events {
		if !slices.Contains([]string{EventArrived, EventStarted, EventEnded, EventCalled}, e) {
			return unfit("event", "events", "there is no such event", "use "+EventArrived+", "+EventStarted+", "+EventEnded+" or "+EventCalled)
		}
	}
	return h.Secret.check(h.Kind != Standard)
}

func (s Secret) check(optional bool) error {
	switch {
	case s.none() && optional:
		return nil
	case s.none():
		return unfit("no_secret", "secret", "a secret is missing", "give the file that it is in")
	case s.File != "" && s.Env != "":
		return unfit("two_secrets", "secret", "a secret is in two places", "give a file or a variable, not both")
	case s.File != "" && !filepath.IsAbs(s.File):
		return unfit("secret_path", "secret", "the path of the secret is not absolute", "give the whole path")
	}
	if _, err := s.read(); err != nil {
		return unfit("secret", "secret", "the secret cannot be read", "check that its file exists, belongs to the user who runs upprop, and that nobody else may read it (chmod 600); or that the variable is set where the node was started")
	}
	return nil
}

func local(u *url.URL) bool {
	return u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

// isAddress reports whether s is one bare e-mail address.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s && len(s) <= 254
}
