package office

import (
	"context"
	"crypto/rand"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// message is the form for a word to a visitor or their host, by the ways that there
// are; where there is none, Why says why not. Whether an address is kept shows by
// them, and what it is does not.
type message struct {
	// Form is its id: sent twice, it is one message.
	Form  string
	Ways  []choice
	Words record.Private
	Limit int
	Why   string
	Open  bool
}

var wayWords = map[node.Way]string{node.TextVisitor: "visit.way_sms", node.MailVisitor: "visit.way_mail", node.MailHost: "visit.way_host"}

// message is the form about a visit that is open.
func (o *Office) message(r request, p visitPage, v record.VisitID) *message {
	if !p.Open || p.Erased || p.Restricted || !r.who.May(operators.Create) {
		return nil
	}
	m := &message{Form: rand.Text(), Limit: visits.MaxMessage}
	ways, channels := o.cfg.Node.MessageWays(r.Context(), v)
	for _, w := range ways {
		m.Ways = append(m.Ways, choice{Value: string(w), Word: r.Text(wayWords[w], nil), Chosen: r.Field("way") == string(w)})
	}
	switch {
	case !channels:
		m.Why = r.Text("visit.no_channel", nil)
	case len(ways) == 0:
		m.Why = r.Text("visit.no_address", nil)
	}
	return m
}

// sendMessage takes down a word to a visitor or their host.
func (o *Office) sendMessage(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	form := formID(r)
	words := record.Private(r.Lines("message"))
	_, err = o.done.once(form+string(r.who.ID), func() (string, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer done()
		return "", o.cfg.Node.SendMessage(ctx, s.Visit, node.Way(r.Field("way")), words, form+string(r.who.ID), r.by())
	})
	if err != nil {
		return o.visitAgain(r, err, func(p *visitPage) {
			if p.Message != nil {
				p.Message.Form, p.Message.Words, p.Message.Open = form, words, true
			}
		})
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String() + "?done=messaged")}, nil
}
