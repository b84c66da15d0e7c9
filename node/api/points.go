package api

import (
	"errors"
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/trigger"
)

// PointEdit is the request to add a muster point or refuge, or to change what
// is said of one: what is left out stays as it is.
type PointEdit struct {
	Name     record.PointName `json:"name"`
	Site     *record.SiteID   `json:"site,omitempty"`
	Kind     *points.Kind     `json:"kind,omitempty"`
	Position *string          `json:"position,omitempty"`
	// At is "LAT,LON"; empty: not known any more.
	At       *string `json:"at,omitempty"`
	Capacity *int    `json:"capacity,omitempty"`
	// X and Y are where it is on the plan of its site, in per mille from the left and
	// from the top; -1: not on it any more.
	X *int `json:"x,omitempty"`
	Y *int `json:"y,omitempty"`
	// Text is by language; an empty one is taken away.
	Text map[string]string `json:"text,omitempty"`
}

// Assignment is the request to put a warden's node, or with Duty a duty by
// name, at a point, a zone or both.
type Assignment struct {
	Name  string           `json:"name"`
	Duty  bool             `json:"duty,omitempty"`
	Point record.PointName `json:"point,omitempty"`
	Zone  record.ZoneID    `json:"zone,omitempty"`
	Site  record.SiteID    `json:"site,omitempty"`
}

// Warden is who is on duty where. Node is null for a duty.
type Warden struct {
	Node *record.NodeID `json:"node"`
	points.Warden
}

// ScreenPlace is the request to say where a node's screen stands. At is
// "LAT,LON"; empty: not known any more. With Refuge, at which refuge it stands,
// empty for none, At may be left out, and then stays as it is.
type ScreenPlace struct {
	Name   string            `json:"name"`
	At     *string           `json:"at,omitempty"`
	Facing *int              `json:"facing,omitempty"`
	Refuge *record.PointName `json:"refuge,omitempty"`
}

func (a *API) listPoints(*http.Request) (any, error) {
	return append([]points.Point{}, a.cfg.Node.Points().List()...), nil
}

func (a *API) putPoint(r *http.Request) (any, error) {
	var in PointEdit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return a.cfg.Node.Points().Put(r.Context(), "", in.Name, points.Edit{
		Site: in.Site, Kind: in.Kind, Position: in.Position, At: in.At, Capacity: in.Capacity, X: in.X, Y: in.Y, Text: in.Text,
	})
}

func (a *API) removePoint(r *http.Request) (any, error) {
	return named(r, func(name string) error {
		return a.cfg.Node.Points().Remove(r.Context(), "", record.PointName(name))
	})
}

// named acts on what ?name= names. It names places, nodes and machines alone.
func named(r *http.Request, act func(string) error) (any, error) {
	name := r.URL.Query().Get("name")
	if name == "" {
		return nil, malformed("nothing is named", "add ?name= with the name as the list has it")
	}
	if err := act(name); err != nil {
		return nil, err
	}
	return Named{name}, nil
}

func (a *API) listWardens(*http.Request) (any, error) {
	out := []Warden{}
	for _, w := range a.cfg.Node.Points().Wardens() {
		x := Warden{Warden: w}
		if w.Duty == "" {
			x.Node = &w.Node
		}
		out = append(out, x)
	}
	return out, nil
}

func (a *API) assignWarden(r *http.Request) (any, error) {
	var in Assignment
	if err := read(r, &in); err != nil {
		return nil, err
	}
	err := a.cfg.Node.Points().Assign(r.Context(), "", points.Duty{Name: in.Name, Free: in.Duty, Point: in.Point, Zone: in.Zone, Site: in.Site})
	if err != nil {
		return nil, err
	}
	return a.listWardens(r)
}

func (a *API) relieveWarden(r *http.Request) (any, error) {
	return named(r, func(name string) error { return a.cfg.Node.Points().Relieve(r.Context(), "", name) })
}

func (a *API) listScreens(*http.Request) (any, error) {
	return append([]points.Screen{}, a.cfg.Node.Points().Screens()...), nil
}

func (a *API) putScreen(r *http.Request) (any, error) {
	var in ScreenPlace
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.At == nil && in.Refuge == nil {
		return nil, malformed("it is not said where the screen stands", "send at or refuge; an empty one takes it back")
	}
	if in.At != nil {
		if err := a.cfg.Node.Points().PutScreen(r.Context(), in.Name, *in.At, in.Facing); err != nil {
			return nil, err
		}
	}
	if in.Refuge != nil {
		if err := a.cfg.Node.Points().PutScreenAt(r.Context(), in.Name, *in.Refuge); err != nil {
			return nil, err
		}
	}
	return a.listScreens(r)
}

// aboutSources is what triggers and feeds refuse.
func aboutSources(err error) *Error {
	var key, hint string
	var t *trigger.Problem
	var f *feed.Problem
	switch {
	case errors.As(err, &t):
		key, hint = t.Key, t.Hint
	case errors.As(err, &f):
		key, hint = f.Key, f.Hint
	default:
		return nil
	}
	status := http.StatusUnprocessableEntity
	switch key {
	case "trigger.other_site":
		status = http.StatusForbidden
	case "trigger.unknown", "feed.unknown":
		status = http.StatusNotFound
	case "trigger.taken", "trigger.many", "trigger.used_id", "trigger.damaged", "feed.taken", "feed.many", "feed.damaged":
		status = http.StatusConflict
	case "trigger.signature", "feed.signature":
		status = http.StatusUnauthorized
	case "trigger.malformed", "trigger.clock", "feed.malformed", "feed.old":
		status = http.StatusBadRequest
	case "trigger.too_many", "feed.too_many":
		status = http.StatusTooManyRequests
	}
	e := sentence(status, hint)
	e.Key = key
	return e
}
