package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/upprop/upprop/node/atomicfile"
)

// Problem is what a person can do something about. It never holds personal
// data, nor a secret.
type Problem struct {
	Key, Hint string
	// Word tells it from the others of its key: of Sentences, where a message was not
	// sent. Field is the field of a form that it is about. Empty for none.
	Word, Field string
}

func (p *Problem) Error() string { return p.Hint }

// Settings are the channels of this node. They stay on it: they are in no
// document that is replicated, and hold where secrets are, not the secrets.
type Settings struct {
	SMTP  *SMTP  `json:"smtp,omitempty"`
	SMS   *SMS   `json:"sms,omitempty"`
	Hooks []Hook `json:"webhooks,omitempty"`
	// Link is where screens of the campus are reached from a visitor's phone,
	// "https://upprop.example.org". Empty: messages have no link.
	Link string `json:"link,omitempty"`
	// Reception is told of arrivals whose host gave no address. Empty: nobody.
	Reception string `json:"reception,omitempty"`
	// RemindHours is after how many hours inside a host is asked whether the
	// visitor is still there; 0: ten, NoReminders: never.
	RemindHours int `json:"remind_hours,omitempty"`
}

// SMTP is a mail server that takes mail from this node.
type SMTP struct {
	Host string `json:"host"`
	Port int    `json:"port,omitempty"`
	User string `json:"user,omitempty"`
	// Password is where the password is; none: without logging in.
	Password Secret `json:"password,omitzero"`
	From     string `json:"from"`
	// TLS is "starttls", "implicit" or, to this machine alone, "none".
	TLS string `json:"tls"`
	// CA is a file with the certificate of who signs the server's; empty: this
	// machine's own list.
	CA string `json:"ca_file,omitempty"`
}

// Gateways for SMS.
const (
	Elks   = "46elks"
	Twilio = "twilio"
)

// SMS is a gateway for text messages.
type SMS struct {
	Gateway  string `json:"gateway"`
	User     string `json:"user"`
	Password Secret `json:"password"`
	From     string `json:"from"`
	// URL is the gateway's, where it is not the usual one.
	URL string `json:"url,omitempty"`
}

// Kinds of webhook.
const (
	Standard = "standard"
	Slack    = "slack"
	Teams    = "teams"
)

// What webhooks are told of.
const (
	EventArrived = "visit.arrived"
	EventStarted = "evacuation.started"
	EventEnded   = "evacuation.ended"
	// EventCalled: somebody at a door asks for help. Whatever node hears of it and
	// has such a webhook tells of it.
	EventCalled = "help.called"
)

// Hook is another system that is told of events, by ids and places alone.
type Hook struct {
	Name string `json:"name"`
	// URL may itself be a secret, as those of Slack and Teams are.
	URL    string   `json:"url"`
	Kind   string   `json:"kind"`
	Secret Secret   `json:"secret,omitzero"`
	Events []string `json:"events"`
	// Private lets the URL lead to this machine or to a private network.
	Private bool `json:"private,omitempty"`
}

// Format prints the name: the URL may be a secret.
func (h Hook) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("webhook " + h.Name)) }

func (h Hook) channel() string { return hookPrefix + h.Name }

// Names of channels; a webhook's is hookPrefix and its own.
const (
	MailChannel = "smtp"
	TextChannel = "sms"
	hookPrefix  = "webhook/"
)

// Secret is where a secret is: in a file that nobody else reads, or in a
// variable of the environment that the node was started with.
type Secret struct {
	File string `json:"file,omitempty"`
	Env  string `json:"env,omitempty"`
}

func (s Secret) none() bool { return s == Secret{} }

// maxSecret bounds a secret, in bytes.
const maxSecret = 4 << 10

// read is the secret without the line's end.
func (s Secret) read() (string, error) {
	text := ""
	switch {
	case s.Env != "":
		text = os.Getenv(s.Env)
	case s.File != "":
		info, err := os.Stat(s.File)
		if err != nil {
			return "", err
		}
		if info.Mode().Perm()&0o077 != 0 || info.Size() > maxSecret {
			return "", errors.New("the file may be read by others, or is too long")
		}
		b, err := os.ReadFile(s.File)
		if err != nil {
			return "", err
		}
		text = string(b)
	}
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return "", errors.New("it is empty")
	}
	return text, nil
}

func (s Settings) clone() Settings {
	c := s
	if s.SMTP != nil {
		m := *s.SMTP
		c.SMTP = &m
	}
	if s.SMS != nil {
		m := *s.SMS
		c.SMS = &m
	}
	c.Hooks = slices.Clone(s.Hooks)
	return c
}

// hook is the webhook of a channel.
func (s Settings) hook(channel string) (Hook, bool) {
	for _, h := range s.Hooks {
		if h.channel() == channel {
			return h, true
		}
	}
	return Hook{}, false
}

// loadSettings reads the channels; none where there is no file.
func loadSettings(path string) (s Settings, err error) {
	if path == "" {
		return s, nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read channels of notices: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("read channels of notices: %s is damaged: delete it and set the channels anew with `upprop notify set`", filepath.Base(path))
	}
	return s, nil
}

// save replaces the file, durably.
func (s Settings) save(path string) error {
	if path == "" {
		return nil
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("keep channels of notices: %w", err)
	}
	if err := atomicfile.Replace(path, append(b, '\n')); err != nil {
		return fmt.Errorf("keep channels of notices: %w", err)
	}
	return nil
}
