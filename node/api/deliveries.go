package api

import (
	"net/http"
	"strconv"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/privacy"
)

// DeliveryRequest is the request to take a delivery in. Mail may be left out where
// the host list knows whom it is for.
type DeliveryRequest struct {
	For   Text `json:"for"`
	Mail  Text `json:"mail,omitzero"`
	From  Text `json:"from,omitzero"`
	Kept  Text `json:"kept,omitzero"`
	Note  Text `json:"note,omitzero"`
	Items int  `json:"items,omitempty"`
	Cold  bool `json:"cold,omitempty"`
}

// DeliveryTaken answers it. Code is the short form of the id, for a label.
type DeliveryTaken struct {
	Delivery record.VisitID   `json:"delivery"`
	Code     record.BadgeCode `json:"code"`
	Mailed   bool             `json:"mailed"`
}

// Delivery is one as this node knows it. Texts, items and cold are null where this
// node may not open them, or where there are none.
type Delivery struct {
	Delivery record.VisitID    `json:"delivery"`
	Code     record.BadgeCode  `json:"code"`
	State    deliveries.State  `json:"state"`
	For      *Text             `json:"for"`
	From     *Text             `json:"from"`
	Kept     *Text             `json:"kept"`
	Note     *Text             `json:"note"`
	Items    *int              `json:"items"`
	Cold     *bool             `json:"cold"`
	At       Stamp             `json:"at"`
	Site     record.SiteID     `json:"site"`
	Entrance record.EntranceID `json:"entrance"`
	// Reminded is when whom it is for was last reminded, or null.
	Reminded *Stamp        `json:"reminded"`
	Endings  []DeliveryEnd `json:"endings"`
}

// DeliveryEnd is one word on how it ended; more than one where desks said so apart.
type DeliveryEnd struct {
	State deliveries.State `json:"state"`
	At    Stamp            `json:"at"`
	// To is who took it, null where it was whom it was for.
	To *Text `json:"to"`
}

// DeliveryQuery asks for deliveries by a part of a name, a sender, a place, a note
// or a code.
type DeliveryQuery struct {
	Find Text `json:"find"`
}

// DeliveryEnding says how a delivery ended: "picked_up", "returned" or "lost". Code
// is its id, or the short form of it.
type DeliveryEnding struct {
	Code string           `json:"code"`
	How  deliveries.State `json:"how"`
	To   Text             `json:"to,omitzero"`
}

// DeliveryName names one, by its id or the short form of it.
type DeliveryName struct {
	Code string `json:"code"`
}

// DeliveryReminder is after how many days whom a delivery waits for is reminded; 0
// for never.
type DeliveryReminder struct {
	AfterDays int `json:"after_days"`
}

func (a *API) listDeliveries(*http.Request) (any, error) { return a.deliveries(""), nil }

func (a *API) findDeliveries(r *http.Request) (any, error) {
	var in DeliveryQuery
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return a.deliveries(in.Find.Reveal()), nil
}

func (a *API) deliveries(find string) []Delivery {
	out := []Delivery{}
	for _, d := range a.cfg.Node.Deliveries().List(find) {
		out = append(out, deliveryOf(d))
	}
	return out
}

func deliveryOf(d deliveries.Item) Delivery {
	x := Delivery{
		Delivery: d.ID, Code: d.ID.Badge(), State: d.State, At: Stamp{d.Begun.Time()}, Site: d.Place.Site, Entrance: d.Place.Entrance, Endings: []DeliveryEnd{},
	}
	if p := d.Parcel; p != nil {
		x.For, x.From, x.Kept, x.Note, x.Items, x.Cold = textOf(p.For), textOf(p.From), textOf(p.Kept), textOf(p.Note), &p.Items, &p.Cold
	}
	if d.Reminded != 0 {
		x.Reminded = &Stamp{d.Reminded.Time()}
	}
	for _, e := range d.Ends {
		x.Endings = append(x.Endings, DeliveryEnd{e.State, Stamp{e.Begun.Time()}, textOf(e.To)})
	}
	return x
}

func (a *API) takeDelivery(r *http.Request) (any, error) {
	var in DeliveryRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	out, err := a.cfg.Node.Deliveries().Take(r.Context(), "", deliveries.Request{
		For: in.For.Private, Mail: in.Mail.Private, From: in.From.Private, Kept: in.Kept.Private, Note: in.Note.Private, Items: in.Items, Cold: in.Cold,
	})
	return DeliveryTaken{out.ID, out.ID.Badge(), out.Mailed}, err
}

func (a *API) endDelivery(r *http.Request) (any, error) {
	var in DeliveryEnding
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := a.cfg.Node.Deliveries().Named(in.Code)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Deliveries().End(r.Context(), "", id, in.How, in.To.Private); err != nil {
		return nil, err
	}
	return a.oneDelivery(id)
}

func (a *API) putBackDelivery(r *http.Request) (any, error) {
	var in DeliveryName
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := a.cfg.Node.Deliveries().Named(in.Code)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Deliveries().PutBack(r.Context(), "", id); err != nil {
		return nil, err
	}
	return a.oneDelivery(id)
}

func (a *API) oneDelivery(id record.VisitID) (any, error) {
	d, err := a.cfg.Node.Deliveries().Get(id)
	if err != nil {
		return nil, err
	}
	return deliveryOf(d), nil
}

func (a *API) deliveryReminder(*http.Request) (any, error) {
	return DeliveryReminder{a.cfg.Node.RemindDelivery()}, nil
}

func (a *API) setDeliveryReminder(r *http.Request) (any, error) {
	var in DeliveryReminder
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.EditSetting(r.Context(), privacy.Operator, node.RemindDeliverySetting, strconv.Itoa(in.AfterDays)); err != nil {
		return nil, err
	}
	return a.deliveryReminder(r)
}
