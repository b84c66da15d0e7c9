package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/signed"
)

// BadgesTaken says what became of each event of a message, in their order.
type BadgesTaken struct {
	Source   string         `json:"source"`
	Outcomes []feed.Outcome `json:"outcomes"`
}

// FeedSource is a system that tells this node of staff.
type FeedSource struct {
	Name     string            `json:"name"`
	Site     record.SiteID     `json:"site"`
	Zone     record.ZoneID     `json:"zone"`
	Entrance record.EntranceID `json:"entrance"`
	MadeAt   Stamp             `json:"made_at"`
	// LastHeard is until when it has told what it knows. Silent: that is longer
	// ago than QuietSeconds.
	LastHeard    Stamp `json:"last_heard"`
	QuietSeconds int   `json:"quiet_seconds"`
	Silent       bool  `json:"silent"`
	ClockOff     bool  `json:"clock_off"`
	// MQTT is the broker that it is heard at, or null.
	MQTT *FeedLine `json:"mqtt"`
}

// FeedLine is how it stands with a broker.
type FeedLine struct {
	URL       string `json:"url"`
	Topic     string `json:"topic"`
	User      string `json:"user"`
	Connected bool   `json:"connected"`
	Since     Stamp  `json:"since"`
	// Fault is why it is not connected: "network", "certificate", "login",
	// "refused" or "settings"; empty where it is, or is about to be.
	Fault string `json:"fault"`
}

// FeedRequest is the request to take a system's word for who of the staff is
// inside.
type FeedRequest struct {
	Name         string            `json:"name"`
	Zone         record.ZoneID     `json:"zone,omitempty"`
	Entrance     record.EntranceID `json:"entrance,omitempty"`
	QuietSeconds int               `json:"quiet_seconds,omitempty"`
	MQTT         *FeedBroker       `json:"mqtt,omitempty"`
}

// FeedBroker is where a system is heard with MQTT. The files are the node's.
type FeedBroker struct {
	URL          string `json:"url"`
	Topic        string `json:"topic"`
	User         string `json:"user,omitempty"`
	PasswordFile string `json:"password_file,omitempty"`
	CAFile       string `json:"ca_file,omitempty"`
}

// FeedMade is a new feed with its secret, which is told this once.
type FeedMade struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
	// URL is where the system sends to; empty where this node has no screens.
	URL string `json:"url"`
}

// FeedImport are events of a feed that somebody has as a file.
type FeedImport struct {
	Name   string      `json:"name"`
	Events []FeedEvent `json:"events"`
}

// FeedEvent is one of them.
type FeedEvent struct {
	Badge Text   `json:"badge"`
	Event string `json:"event"`
	At    Stamp  `json:"at"`
	Name  Text   `json:"name,omitzero"`
}

// takeBadges takes the message of a system; its signature is its right.
func (a *API) takeBadges(r *http.Request) (any, error) {
	m, err := message(r)
	if err != nil {
		return nil, err
	}
	d, err := a.cfg.Node.Feeds().Handle(r.Context(), m)
	if err != nil {
		return nil, err
	}
	return BadgesTaken{d.Source, d.Outcomes}, nil
}

// message reads a message that is signed by Standard Webhooks.
func message(r *http.Request) (signed.Message, error) {
	body, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return signed.Message{}, errTooLarge
	case err != nil:
		return signed.Message{}, malformed("the request broke off", "send it again")
	}
	return signed.Message{
		ID: r.Header.Get("Webhook-Id"), Timestamp: r.Header.Get("Webhook-Timestamp"), Signature: r.Header.Get("Webhook-Signature"), Body: body,
	}, nil
}

func (a *API) listFeeds(*http.Request) (any, error) {
	out, now := []FeedSource{}, a.cfg.Now()
	for _, x := range a.cfg.Node.Feeds().Sources() {
		f := FeedSource{
			Name: x.Name, Site: x.Place.Site, Zone: x.Place.Zone, Entrance: x.Place.Entrance, MadeAt: Stamp{x.MadeAt},
			LastHeard: Stamp{x.State.Heard}, QuietSeconds: int(x.Quiet / time.Second), Silent: x.Silent(now), ClockOff: x.ClockOff(),
		}
		if m := x.MQTT; m != nil {
			f.MQTT = &FeedLine{m.URL, m.Topic, m.User, x.Line.Connected, Stamp{x.Line.Since}, x.Line.Fault}
		}
		out = append(out, f)
	}
	return out, nil
}

func (a *API) addFeed(r *http.Request) (any, error) {
	var in FeedRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	ask := feed.Request{Name: in.Name, Zone: in.Zone, Entrance: in.Entrance, Quiet: time.Duration(in.QuietSeconds) * time.Second}
	if m := in.MQTT; m != nil {
		ask.MQTT = &feed.MQTT{URL: m.URL, Topic: m.Topic, User: m.User, PasswordFile: m.PasswordFile, CAFile: m.CAFile}
	}
	secret, err := a.cfg.Node.Feeds().Add(r.Context(), ask)
	if err != nil {
		return nil, err
	}
	out := FeedMade{Name: in.Name, Secret: secret}
	if a.cfg.Web != "" {
		out.URL = a.cfg.Web + "api/v1/badges"
	}
	return out, nil
}

func (a *API) removeFeed(r *http.Request) (any, error) {
	return named(r, func(name string) error { return a.cfg.Node.Feeds().Remove(r.Context(), name) })
}

func (a *API) importFeed(r *http.Request) (any, error) {
	var in FeedImport
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var all []feed.Event
	for _, e := range in.Events {
		all = append(all, feed.Event{Badge: e.Badge.Private, What: e.Event, At: e.At.Time, Name: e.Name.Private})
	}
	d, err := a.cfg.Node.Feeds().Import(r.Context(), in.Name, all)
	if err != nil {
		return nil, err
	}
	return BadgesTaken{d.Source, d.Outcomes}, nil
}
