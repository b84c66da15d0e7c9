package api

import (
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/rights"
)

// ErasureQuery says whom a search is for: by when they were last seen
// (2006-01-02, in UTC), the type of visitor, the site and whom they visited.
// With a reason what is found is prepared to be erased; without, it is counted
// alone.
type ErasureQuery struct {
	NotSeenSince string `json:"not_seen_since,omitempty"`
	Type         string `json:"type,omitempty"`
	Site         string `json:"site,omitempty"`
	Host         Text   `json:"host,omitzero"`
	Reason       string `json:"reason,omitempty"`
}

// ErasureFound is what a search has found. Bulk is null where it was counted
// alone. Inside, Kept and Erased are left out: who may be inside, who is
// restricted or has an open case, who has been erased already.
type ErasureFound struct {
	Bulk   *record.ErasureID `json:"bulk"`
	Visits int               `json:"visits"`
	Inside int               `json:"inside"`
	Kept   int               `json:"kept"`
	Erased int               `json:"erased"`
	First  Stamp             `json:"first_seen"`
	Last   Stamp             `json:"last_seen"`
	// SecondPerson has to confirm: another than who prepared it.
	SecondPerson bool `json:"second_person"`
}

func (a *API) searchErasure(r *http.Request) (any, error) {
	var in ErasureQuery
	if err := read(r, &in); err != nil {
		return nil, err
	}
	q := rights.Query{Type: in.Type, Site: record.SiteID(in.Site), Host: in.Host.Private}
	if in.NotSeenSince != "" {
		t, err := time.Parse(time.DateOnly, in.NotSeenSince)
		if err != nil {
			return nil, unfit("that is not a date", "write it as 2006-01-02")
		}
		q.NotSeenSince = t
	}
	if in.Reason == "" {
		f, err := a.cfg.Node.Rights().Search(r.Context(), q)
		return foundOf(nil, f, len(f.Visits) > rights.SecondAbove), err
	}
	b, err := a.cfg.Node.Rights().Prepare(r.Context(), q, in.Reason)
	return foundOf(&b.ID, b.Found, b.Second), err
}

func foundOf(id *record.ErasureID, f rights.Found, second bool) ErasureFound {
	return ErasureFound{id, len(f.Visits), f.Inside, f.Kept, f.Erased, Stamp{f.First}, Stamp{f.Last}, second}
}

// BulkConfirmation carries out or cancels what was prepared. Visits is how many
// visits were found, as a sign that it was read.
type BulkConfirmation struct {
	Bulk   record.ErasureID `json:"bulk"`
	Visits int              `json:"visits,omitempty"`
}

// BulkErased answers a BulkConfirmation: the erasures that were ordered.
type BulkErased struct {
	Bulk     record.ErasureID   `json:"bulk"`
	Visits   int                `json:"visits"`
	Erasures []record.ErasureID `json:"erasures"`
}

func (a *API) confirmErasure(r *http.Request) (any, error) {
	var in BulkConfirmation
	if err := read(r, &in); err != nil {
		return nil, err
	}
	b, err := a.cfg.Node.Rights().Confirm(r.Context(), in.Bulk, in.Visits)
	return BulkErased{b.ID, b.Done, append([]record.ErasureID{}, b.Erasures...)}, err
}

func (a *API) cancelErasure(r *http.Request) (any, error) {
	var in BulkConfirmation
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return BulkErased{Bulk: in.Bulk, Erasures: []record.ErasureID{}}, a.cfg.Node.Rights().Cancel(r.Context(), in.Bulk)
}

// ErasureSummary is how far one of many erasures has come.
type ErasureSummary struct {
	Erasure    record.ErasureID `json:"erasure"`
	At         Stamp            `json:"at"`
	Node       string           `json:"node"`
	Visits     int              `json:"visits"`
	Receipts   int              `json:"receipts"`
	Pending    []string         `json:"pending"`
	WrittenOff int              `json:"written_off"`
	Complete   bool             `json:"complete"`
}

func (a *API) erasureStatuses(*http.Request) (any, error) {
	p, err := a.privacy()
	if err != nil {
		return nil, err
	}
	all, err := p.ErasureStatuses()
	if err != nil {
		return nil, err
	}
	out := []ErasureSummary{}
	for _, x := range all {
		one := ErasureSummary{x.Erasure, Stamp{x.At.Time()}, a.nameOf(x.By), x.Visits, len(x.Receipts), []string{}, len(x.WrittenOff), x.Complete}
		for _, m := range x.Pending {
			one.Pending = append(one.Pending, m.Name)
		}
		out = append(out, one)
	}
	return out, nil
}
