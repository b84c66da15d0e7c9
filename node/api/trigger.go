package api

import (
	"errors"
	"io"
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/trigger"
)

// Triggered says what a machine's message did.
type Triggered struct {
	Source string `json:"source"`
	Action string `json:"action"`
	// Kind is what the source starts, or would start: "real" or "drill".
	Kind string `json:"kind"`
	// Site is where; empty for the whole campus.
	Site record.SiteID `json:"site"`
	// Started: this message started something. Repeated: it has come before.
	Started  bool `json:"started"`
	Repeated bool `json:"repeated"`
	// Widened: its site is not known, so it was taken for the whole campus.
	Widened bool `json:"widened"`
	// ClockOff: the source's clock is off by more than five minutes.
	ClockOff bool `json:"clock_off"`
	// Evacuation is what runs there now, or null.
	Evacuation *Evacuation `json:"evacuation"`
}

// TriggerSource is a machine that may start an evacuation at this node.
type TriggerSource struct {
	Name      string        `json:"name"`
	Site      record.SiteID `json:"site"`
	DrillOnly bool          `json:"drill_only"`
	MadeAt    Stamp         `json:"made_at"`
	LastHeard Stamp         `json:"last_heard"`
	// TestedAt is when a test of it last came out well.
	TestedAt Stamp `json:"tested_at"`
	ClockOff bool  `json:"clock_off"`
}

// TriggerRequest is the request to let a machine start evacuations. A Secret
// given is that of the same source at another node.
type TriggerRequest struct {
	Name      string        `json:"name"`
	Site      record.SiteID `json:"site,omitempty"`
	DrillOnly bool          `json:"drill_only,omitempty"`
	Secret    string        `json:"secret,omitempty"`
}

// TriggerMade is a new source with its secret, which is told this once.
type TriggerMade struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
	// URL is where the source sends to; empty where this node has no screens.
	URL string `json:"url"`
}

// trigger takes the message of a machine; its signature is its right.
func (a *API) trigger(r *http.Request) (any, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, trigger.MaxBody+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case err != nil:
		return nil, malformed("the request broke off", "send it again")
	}
	d, err := a.cfg.Node.Trigger().Handle(r.Context(), trigger.Message{
		ID: r.Header.Get("Webhook-Id"), Timestamp: r.Header.Get("Webhook-Timestamp"), Signature: r.Header.Get("Webhook-Signature"), Body: body,
	})
	if err != nil {
		return nil, err
	}
	out := Triggered{
		Source: d.Source, Action: d.Action, Kind: record.Evacuation{Drill: d.Drill}.Kind(), Site: d.Site,
		Started: d.Started, Repeated: d.Repeated, Widened: d.Widened, ClockOff: d.ClockOff,
	}
	if e, on := a.cfg.Node.Alarm().Running(d.Site); on {
		out.Evacuation = a.evacuationOf(e)
	}
	return out, nil
}

func (a *API) listTriggers(*http.Request) (any, error) {
	out := []TriggerSource{}
	for _, x := range a.cfg.Node.Trigger().Sources() {
		out = append(out, TriggerSource{
			Name: x.Name, Site: x.Site, DrillOnly: x.DrillOnly, MadeAt: Stamp{x.MadeAt},
			LastHeard: Stamp{x.State.Heard}, TestedAt: Stamp{x.State.Tested}, ClockOff: x.ClockOff(),
		})
	}
	return out, nil
}

func (a *API) addTrigger(r *http.Request) (any, error) {
	var in TriggerRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	secret, err := a.cfg.Node.Trigger().Add(in.Name, in.Site, in.DrillOnly, in.Secret)
	if err != nil {
		return nil, err
	}
	out := TriggerMade{Name: in.Name, Secret: secret}
	if a.cfg.Web != "" {
		out.URL = a.cfg.Web + "api/v1/trigger"
	}
	return out, nil
}

func (a *API) removeTrigger(r *http.Request) (any, error) {
	return named(r, a.cfg.Node.Trigger().Remove)
}
