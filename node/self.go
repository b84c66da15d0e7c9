package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// selfProtocol takes to a desk what a person asks about their own visit at a node
// that opens nothing, and back what the desk says. One frame each way.
const selfProtocol = "/upprop/self/1"

const (
	maxSelfAsk    = 16 << 10
	maxSelfAnswer = 1 << 20
	selfPatience  = 10 * time.Second
)

// selfWire is a desk's answer: what there is, or a problem.
type selfWire struct {
	Answer  rights.SelfAnswer `json:"answer"`
	Problem string            `json:"problem,omitempty"`
	Field   string            `json:"field,omitempty"`
	Limit   int               `json:"limit,omitempty"`
	Hint    string            `json:"hint,omitempty"`
}

func (n *Node) openSelf() {
	n.self.Store(rights.NewSelf(n.rights, rights.SelfConfig{
		Bears: n.visits.Bears, Inside: n.insideCalled, Withdraw: n.Withdraw, Rectify: n.rectifySelf,
		Data: func(x rights.Extract, g []rights.Given) ([]byte, error) {
			if n.cfg.ExtractJSON == nil {
				return nil, nil
			}
			return n.cfg.ExtractJSON(x, g)
		},
		Links: newSelfLinks(n),
	}))
}

// insideCalled are those inside in whose cards every word of a name is found.
func (n *Node) insideCalled(name record.Private) (out []record.VisitID) {
	look := n.visits.Look(name.Reveal())
	for _, p := range n.replica.OpenNow() {
		if fits, named := look.Fits(p); fits && named && len(out) < mostCalled {
			out = append(out, p.Visit)
		}
	}
	return out
}

// mostCalled bounds whose addresses are looked at for one name.
const mostCalled = 64

// rectifySelf corrects what the person says is right.
func (n *Node) rectifySelf(ctx context.Context, v record.VisitID, right map[string]string, by string) error {
	var c privacy.Correction
	for field, to := range map[string]**record.Private{"name": &c.Name, "company": &c.Company, "host": &c.Host, "email": &c.Email, "phone": &c.Phone} {
		if right[field] == "" {
			continue
		}
		text, err := visits.Line(field, record.Private(right[field]))
		if err != nil {
			return err
		}
		*to = &text
	}
	return n.Rectify(ctx, v, c, by)
}

// AnswerSelf answers a person about their own visit: here at a desk, else by the
// first desk in touch. What they wrote and what they are told is kept nowhere.
// Errors: *rights.Problem, *visits.Problem, *privacy.Problem.
func (n *Node) AnswerSelf(ctx context.Context, a rights.SelfAsk) (rights.SelfAnswer, error) {
	if n.Self().Role == identity.RoleDesk {
		got, err := n.self.Load().Answer(ctx, a)
		if a.Do != rights.AskMail || !errors.Is(err, rights.ErrSelfNoMail) {
			return got, err
		}
	}
	var desks []identity.NodeID
	for _, id := range n.net.Peers() {
		if m, ok := n.roster.Member(id); ok && m.Role == identity.RoleDesk && m.Revoked == nil {
			desks = append(desks, id)
		}
	}
	got, err := selfAsker{n.net.Open, n.log}.first(ctx, desks, a)
	if a.Do == rights.AskMail && errors.Is(err, rights.ErrSelfMaybe) {
		return got, nil // it may be on its way, which is all that is ever said of it
	}
	return got, err
}

// MailOwnLink mails a link to the page of one visit's person, on record as what by
// does. Errors: *rights.Problem.
func (n *Node) MailOwnLink(ctx context.Context, v record.VisitID, by string) error {
	if err := n.Barred(); err != nil {
		return err
	}
	return n.self.Load().MailLink(ctx, v, cmp.Or(by, privacy.Operator))
}

// runSelf mails links that people have asked for.
func (n *Node) runSelf(ctx context.Context) error { return n.self.Load().Run(ctx) }

// serveSelf answers for a person at another node.
func (n *Node) serveSelf(ctx context.Context, s stream.Stream) {
	fail := func() { s.Reset() }
	self := n.self.Load()
	if self == nil || s.SetDeadline(time.Now().Add(selfPatience)) != nil {
		fail()
		return
	}
	b, err := stream.ReadFrame(s, maxSelfAsk)
	var a rights.SelfAsk
	if err != nil || json.Unmarshal(b, &a) != nil || n.Barred() != nil {
		fail()
		return
	}
	if a.How != "desk" {
		a.How = "kiosk"
	}
	var w selfWire
	w.Answer, err = self.Answer(ctx, a)
	if err != nil {
		w.Answer = rights.SelfAnswer{}
		var right *rights.Problem
		var visit *visits.Problem
		var gone *privacy.Problem
		switch {
		case errors.As(err, &right):
			w.Problem, w.Hint = right.Key, right.Hint
		case errors.As(err, &visit):
			w.Problem, w.Field, w.Limit, w.Hint = visit.Key, visit.Field, visit.Limit, visit.Hint
		case errors.As(err, &gone):
			w.Problem, w.Hint = gone.Key, gone.Hint
		default:
			n.log.Error("a person who asks about their own visit could not be answered", "err", err)
			fail()
			return
		}
	}
	if b, err = json.Marshal(w); err != nil || stream.WriteFrame(s, b) != nil {
		fail()
		return
	}
	_ = s.Close()
}
