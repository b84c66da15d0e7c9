package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/watch"
)

// WatchEntry is somebody, or a company, of whose coming the desk is to know.
// What stands behind Wait is given by the node.
type WatchEntry struct {
	ID      string `json:"id,omitempty"`
	Names   []Text `json:"names,omitempty"`
	Company Text   `json:"company,omitzero"`
	Email   Text   `json:"email,omitzero"`
	Phone   Text   `json:"phone,omitzero"`
	Reason  Text   `json:"reason"`
	Advice  Text   `json:"advice,omitzero"`
	// Until is the last day on which it counts; left out: the usual one.
	Until string `json:"until,omitempty"`
	// Wait: whoever matches is asked to wait for the reception.
	Wait  bool   `json:"wait,omitempty"`
	By    string `json:"by,omitempty"`
	Added *Stamp `json:"added,omitempty"`
}

// WatchTerms are for how many days an entry stands, usually and at most, and the
// prefix of numbers that are written without one. What is left out stays.
type WatchTerms struct {
	Days    int    `json:"days,omitempty"`
	Most    int    `json:"most,omitempty"`
	Country string `json:"country,omitempty"`
}

// WatchAlert is that somebody who came, or is expected, may be on the list.
type WatchAlert struct {
	Visit    record.VisitID    `json:"visit"`
	Badge    record.BadgeCode  `json:"badge"`
	Expected bool              `json:"expected,omitempty"`
	Open     bool              `json:"open"`
	At       Stamp             `json:"at"`
	Site     record.SiteID     `json:"site"`
	Entrance record.EntranceID `json:"entrance,omitempty"`
	Name     *Text             `json:"name"`
	// Waits: they were asked to wait for the reception.
	Waits  bool         `json:"waits"`
	Strong bool         `json:"strong"`
	Found  []WatchFound `json:"found"`
	Answer *WatchAnswer `json:"answer"`
}

// WatchFound is one entry that they may be, and what they have in common.
type WatchFound struct {
	Entry WatchEntry `json:"entry"`
	By    []watch.By `json:"by"`
}

// WatchAnswer says what came of an alert.
type WatchAnswer struct {
	Visit   record.VisitID `json:"visit,omitzero"`
	Outcome watch.Outcome  `json:"outcome"`
	By      string         `json:"by,omitempty"`
	At      *Stamp         `json:"at,omitempty"`
}

func watchEntryOf(e watch.Entry) WatchEntry {
	out := WatchEntry{
		ID: e.ID, Company: Text{e.Company}, Email: Text{e.Email}, Phone: Text{e.Phone}, Reason: Text{e.Reason}, Advice: Text{e.Advice},
		Until: e.Until.Start().Format(time.DateOnly), Wait: e.Wait, By: e.By, Added: &Stamp{e.Added},
	}
	for _, n := range e.Names {
		out.Names = append(out.Names, Text{n})
	}
	return out
}

func (a *API) listWatch(*http.Request) (any, error) {
	if !a.cfg.Node.Operators().Here() {
		return nil, watch.ErrNotHere
	}
	out := []WatchEntry{}
	for _, e := range a.cfg.Node.Watch().List() {
		out = append(out, watchEntryOf(e))
	}
	return out, nil
}

func (a *API) addWatch(r *http.Request) (any, error) {
	var in WatchEntry
	if err := read(r, &in); err != nil {
		return nil, err
	}
	e := watch.Entry{
		Company: in.Company.Private, Email: in.Email.Private, Phone: in.Phone.Private, Reason: in.Reason.Private, Advice: in.Advice.Private, Wait: in.Wait,
	}
	for _, n := range in.Names {
		e.Names = append(e.Names, n.Private)
	}
	if in.Until != "" {
		d, err := time.Parse(time.DateOnly, in.Until)
		if err != nil {
			return nil, malformed("the end of an entry is no date", "write it as 2026-12-31")
		}
		e.Until = record.DayOf(d)
	}
	e, err := a.cfg.Node.Watch().Add(r.Context(), privacy.Operator, e)
	if err != nil {
		return nil, err
	}
	return watchEntryOf(e), nil
}

func (a *API) removeWatch(r *http.Request) (any, error) {
	return named(r, func(id string) error { return a.cfg.Node.Watch().Remove(r.Context(), privacy.Operator, id) })
}

func (a *API) setWatchTerms(r *http.Request) (any, error) {
	var in WatchTerms
	if err := read(r, &in); err != nil {
		return nil, err
	}
	b := a.cfg.Node.Watch()
	if in != (WatchTerms{}) {
		if err := b.SetTerms(r.Context(), privacy.Operator, in.Days, in.Most, in.Country); err != nil {
			return nil, err
		}
	}
	usual, most := b.Terms()
	return WatchTerms{usual, most, b.Country()}, nil
}

func (a *API) watchAlerts(*http.Request) (any, error) {
	if !a.cfg.Node.Operators().Here() {
		return nil, watch.ErrNotHere
	}
	out := []WatchAlert{}
	for _, x := range a.cfg.Node.Alerts().Alerts() {
		one := WatchAlert{
			Visit: x.Visit, Badge: x.Visit.Badge(), Expected: x.Expected, Open: x.Open, At: Stamp{x.At}, Site: x.Place.Site, Entrance: x.Place.Entrance,
			Waits: x.Wait, Strong: x.Strong(), Name: textOf(a.cfg.Node.Called(x.Visit)),
		}
		for _, f := range x.Found {
			one.Found = append(one.Found, WatchFound{watchEntryOf(f.Entry), f.By})
		}
		if w := x.Answer; w != nil {
			one.Answer = &WatchAnswer{Outcome: w.Outcome, By: w.By, At: &Stamp{w.At}}
		}
		out = append(out, one)
	}
	return out, nil
}

func (a *API) answerWatch(r *http.Request) (any, error) {
	var in WatchAnswer
	if err := read(r, &in); err != nil {
		return nil, err
	}
	err := a.cfg.Node.Alerts().Answer(privacy.Operator, in.Visit, in.Outcome)
	if errors.Is(err, watch.ErrNoAlert) {
		return nil, sentence(http.StatusNotFound, watch.ErrNoAlert.Hint)
	}
	return WatchAnswer{Visit: in.Visit, Outcome: in.Outcome}, err
}
