package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// Privacy acts for the person who wants to have gone or corrected what is
// stored about them. What returns without error is durable.
type Privacy interface {
	Erase(ctx context.Context, visits ...record.VisitID) (privacy.Erasure, error)
	ErasureStatus(record.ErasureID) (privacy.Status, error)
	ErasureStatuses() ([]privacy.Summary, error)
	// Rectify is on record as by; empty: the operator at this node.
	Rectify(ctx context.Context, v record.VisitID, c privacy.Correction, by string) error
	WriteOff(ctx context.Context, name string) error
	// AllowExpiry is on the audit log when it returns.
	AllowExpiry(ctx context.Context, until record.Day) error
}

// Audit reads the acts on record.
type Audit interface {
	VerifyAudit() (audit.Report, error)
	AuditLines() ([]audit.Line, error)
}

var errNotServed = &Error{Status: http.StatusServiceUnavailable, Message: "this node does not do that", Hint: "do it at another node, or install the newest release here"}

func (a *API) privacy() (Privacy, error) {
	if a.cfg.Privacy == nil {
		return nil, errNotServed
	}
	return a.cfg.Privacy, nil
}

// EraseRequest names the visits to erase.
type EraseRequest struct {
	Visits []string `json:"visits"`
}

// Erased answers an EraseRequest. Kept is what must be kept of the visits all the
// same (Article 17(3)), why and until when; of many visits it is not told.
type Erased struct {
	Erasure record.ErasureID `json:"erasure"`
	Kept    []ErasedKept     `json:"kept"`
}

// ErasedKept is something that is kept past an erasure: a signed document.
type ErasedKept struct {
	Kept     record.VisitID `json:"kept"`
	Document string         `json:"document"`
	Until    string         `json:"until"`
}

// toldOf is of how many visits at most it is told what is kept.
const toldOf = 20

func (a *API) keptOf(all []record.VisitID) ([]ErasedKept, error) {
	out := []ErasedKept{}
	if len(all) > toldOf {
		return out, nil
	}
	for _, v := range all {
		some, err := a.cfg.Node.Kept().Of(v)
		if errors.Is(err, kept.ErrNotDesk) || errors.Is(err, kept.ErrNotYet) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for _, k := range some {
			out = append(out, ErasedKept{k.ID, k.Document, dateOf(k.End)})
		}
	}
	return out, nil
}

func (a *API) erase(r *http.Request) (any, error) {
	p, err := a.privacy()
	if err != nil {
		return nil, err
	}
	var in EraseRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var all []record.VisitID
	for _, s := range in.Visits {
		v, err := visitNamed(s)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	e, err := p.Erase(r.Context(), all...)
	if err != nil {
		return nil, err
	}
	kept, err := a.keptOf(all)
	return Erased{e.ID, kept}, err
}

// visitNamed reads a visit's id or the payload of its badge's QR.
func visitNamed(s string) (record.VisitID, error) {
	c, err := record.ParseCode(s)
	if err != nil {
		return record.VisitID{}, sentence(http.StatusUnprocessableEntity, err.Error()+": write the visit's id as `upprop visit list --json` shows it")
	}
	if c.Visit.IsZero() {
		return c.Visit, unfit("a badge code does not name one visit for certain", "write the visit's id, which `upprop visit list --json` shows beside the badge")
	}
	return c.Visit, nil
}

// NodeAt is a node and a time: of its receipt, or when it was written off.
type NodeAt struct {
	Node string        `json:"node"`
	ID   record.NodeID `json:"id"`
	At   Stamp         `json:"at"`
	By   string        `json:"by,omitempty"`
}

// NodeHeard is a node that has not confirmed.
type NodeHeard struct {
	Node      string        `json:"node"`
	ID        record.NodeID `json:"id"`
	LastHeard Stamp         `json:"last_heard"`
}

// ErasureStatus is how far an erasure has come.
type ErasureStatus struct {
	Erasure    record.ErasureID `json:"erasure"`
	Receipts   []NodeAt         `json:"receipts"`
	Pending    []NodeHeard      `json:"pending"`
	WrittenOff []NodeAt         `json:"written_off"`
	Complete   bool             `json:"complete"`
}

func (a *API) erasureStatus(r *http.Request) (any, error) {
	p, err := a.privacy()
	if err != nil {
		return nil, err
	}
	id, err := record.ParseErasureID(r.URL.Query().Get("erasure"))
	if err != nil {
		return nil, sentence(http.StatusUnprocessableEntity, err.Error()+": write it as `upprop erase` printed it")
	}
	s, err := p.ErasureStatus(id)
	if err != nil {
		return nil, err
	}
	out := ErasureStatus{Erasure: s.Erasure, Receipts: []NodeAt{}, Pending: []NodeHeard{}, WrittenOff: []NodeAt{}, Complete: s.Complete}
	for _, x := range s.Receipts {
		out.Receipts = append(out.Receipts, NodeAt{Node: x.Name, ID: x.Node, At: Stamp{x.At}})
	}
	for _, x := range s.Pending {
		out.Pending = append(out.Pending, NodeHeard{x.Name, x.Node, Stamp{x.LastHeard}})
	}
	for _, x := range s.WrittenOff {
		out.WrittenOff = append(out.WrittenOff, NodeAt{Node: x.Name, ID: x.Node, At: Stamp{x.At}, By: x.By})
	}
	return out, nil
}

func (a *API) writeOff(r *http.Request) (any, error) {
	p, err := a.privacy()
	if err != nil {
		return nil, err
	}
	return a.actOn(r, func(name string) error { return p.WriteOff(r.Context(), name) })
}

// Rectification is what is right about a visit; what is left out stays.
type Rectification struct {
	Visit   string `json:"visit"`
	Name    *Text  `json:"name,omitempty"`
	Company *Text  `json:"company,omitempty"`
	Host    *Text  `json:"host,omitempty"`
	Email   *Text  `json:"email,omitempty"`
	Phone   *Text  `json:"phone,omitempty"`
}

// Rectified answers a Rectification.
type Rectified struct {
	Visit record.VisitID `json:"visit"`
}

func (a *API) rectify(r *http.Request) (any, error) {
	p, err := a.privacy()
	if err != nil {
		return nil, err
	}
	var in Rectification
	if err := read(r, &in); err != nil {
		return nil, err
	}
	v, err := visitNamed(in.Visit)
	if err != nil {
		return nil, err
	}
	var c privacy.Correction
	for _, f := range []struct {
		name string
		from *Text
		to   **record.Private
	}{
		{"name", in.Name, &c.Name},
		{"company", in.Company, &c.Company},
		{"host", in.Host, &c.Host},
		{"email", in.Email, &c.Email},
		{"phone", in.Phone, &c.Phone},
	} {
		if f.from == nil {
			continue
		}
		t, err := visits.Line(f.name, f.from.Private)
		if err != nil {
			return nil, err
		}
		*f.to = &t
	}
	if err := p.Rectify(r.Context(), v, c, ""); err != nil {
		return nil, err
	}
	return Rectified{v}, nil
}

// Expiring is the request to let keys die up to a date, YYYY-MM-DD, and the
// answer.
type Expiring struct {
	Until string `json:"until"`
}

func (a *API) expire(r *http.Request) (any, error) {
	p, err := a.privacy()
	if err != nil {
		return nil, err
	}
	var in Expiring
	if err := read(r, &in); err != nil {
		return nil, err
	}
	t, err := time.Parse(time.DateOnly, in.Until)
	if err != nil || t.Unix() < 0 {
		return nil, unfit("that is not a date", "write it as 2006-01-02")
	}
	err = p.AllowExpiry(r.Context(), record.DayOf(t))
	for _, known := range []error{expiry.ErrNotYet, expiry.ErrKeysFirst} {
		if errors.Is(err, known) {
			return nil, sentence(http.StatusUnprocessableEntity, known.Error())
		}
	}
	if err != nil {
		return nil, err
	}
	return in, nil
}

// Act is one act on record.
type Act struct {
	At      Stamp             `json:"at"`
	Node    string            `json:"node"`
	ID      record.NodeID     `json:"id"`
	N       uint64            `json:"n"`
	What    string            `json:"what"`
	By      string            `json:"by"`
	Note    string            `json:"note"`
	Visits  []record.VisitID  `json:"visits"`
	Erasure *record.ErasureID `json:"erasure"`
}

func (a *API) listAudit(*http.Request) (any, error) {
	if a.cfg.Audit == nil {
		return nil, errNotServed
	}
	lines, err := a.cfg.Audit.AuditLines()
	if err != nil {
		return nil, err
	}
	out := make([]Act, 0, len(lines))
	for _, l := range lines {
		x := Act{At: Stamp{l.At}, Node: a.nameOf(l.Node), ID: l.Node, N: l.N, What: l.What, By: l.By, Note: l.Note, Visits: l.Visits}
		if x.Visits == nil {
			x.Visits = []record.VisitID{}
		}
		if !l.Erasure.IsZero() {
			x.Erasure = &l.Erasure
		}
		out = append(out, x)
	}
	return out, nil
}

// AuditChain is what is here of one node's acts.
type AuditChain struct {
	Node    string        `json:"node"`
	ID      record.NodeID `json:"id"`
	Entries int           `json:"entries"`
	First   uint64        `json:"first"`
	Last    uint64        `json:"last"`
	// Dropped: earlier ones have been dropped after their retention.
	Dropped bool `json:"dropped"`
}

// AuditFault is one thing that is wrong with a node's acts.
type AuditFault struct {
	Node string        `json:"node"`
	ID   record.NodeID `json:"id"`
	Kind audit.Kind    `json:"kind"`
	N    uint64        `json:"n"`
	What string        `json:"what"`
}

// AuditReport is whether the acts on record are as they were written.
type AuditReport struct {
	OK     bool         `json:"ok"`
	Chains []AuditChain `json:"chains"`
	Faults []AuditFault `json:"faults"`
}

func (a *API) verifyAudit(*http.Request) (any, error) {
	if a.cfg.Audit == nil {
		return nil, errNotServed
	}
	r, err := a.cfg.Audit.VerifyAudit()
	if err != nil {
		return nil, err
	}
	out := AuditReport{OK: r.OK, Chains: []AuditChain{}, Faults: []AuditFault{}}
	for _, c := range r.Chains {
		out.Chains = append(out.Chains, AuditChain{a.nameOf(c.Node), c.Node, c.Entries, c.First, c.Last, c.Dropped})
	}
	for _, f := range r.Faults {
		out.Faults = append(out.Faults, AuditFault{a.nameOf(f.Node), f.Node, f.Kind, f.N, f.What})
	}
	return out, nil
}
