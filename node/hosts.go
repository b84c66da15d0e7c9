package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/hosts"
)

// hostsProtocol asks a desk for hosts: a question, and its answer, each a frame
// of JSON. A node that opens no hosts keeps none: it asks each time, and goes on
// without where no desk answers.
const hostsProtocol = "/upprop/hosts/1"

const (
	// hostsFor is how long a desk may take to answer; somebody waits.
	hostsFor = time.Second
	hostsMax = 8 << 10
)

type hostsQuestion struct {
	// Find is what was typed; Named is a host whose address is asked for.
	Find, Named string
}

type hostsAnswer struct {
	Hosts []FoundHost
	More  bool
	Mail  string
}

// FoundHost is a host as a door shows it.
type FoundHost struct{ Name, Unit string }

// Format withholds the host from every fmt verb.
func (FoundHost) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[withheld]")) }

func (n *Node) openHosts() {
	self := record.NodeID(n.key.ID())
	n.hosts = hosts.New(hosts.Config{
		Settings: register{n.replica}, Vault: boxes{n.vault}, Today: n.date, Barred: n.Barred, Logger: n.log,
		Desk:    func() bool { return n.access().Dossiers },
		MayEdit: func() bool { return members{n.roster}.mayEdit(self) },
		Record: func(by, what, note string) {
			if err := n.ActBy(by, what, nil, note); err != nil {
				n.log.Error("an act could not be put on record", "what", what, "err", err)
			}
		},
	})
	n.net.Handle(hostsProtocol, false, n.serveHosts)
}

// Hosts are whom visitors may name, for desks.
func (n *Node) Hosts() *hosts.Book { return n.hosts }

// FindHosts gives a few hosts for three letters or more: from this node, or from
// a desk that it is connected with; none where there is no such desk.
func (n *Node) FindHosts(ctx context.Context, query string) (found []FoundHost, more bool) {
	a := n.askHosts(ctx, hostsQuestion{Find: query})
	return a.Hosts, a.More
}

// hostMail is where a host who was named at a door is told; empty where that is
// not known.
func (n *Node) hostMail(ctx context.Context, named record.Private) record.Private {
	return record.Private(n.askHosts(ctx, hostsQuestion{Named: named.Reveal()}).Mail)
}

func (n *Node) askHosts(ctx context.Context, q hostsQuestion) hostsAnswer {
	if len(q.Find)+len(q.Named) > hostsMax/2 || q.Find == "" && q.Named == "" {
		return hostsAnswer{}
	}
	if n.access().Dossiers {
		return n.answerHosts(q)
	}
	ctx, done := context.WithTimeout(ctx, hostsFor)
	defer done()
	for _, peer := range n.net.Peers() {
		if m, ok := n.roster.Member(peer); !ok || m.Revoked != nil || m.Role != identity.RoleDesk {
			continue
		}
		if a, err := n.askDesk(ctx, peer, q); err == nil {
			return a
		}
	}
	return hostsAnswer{}
}

func (n *Node) askDesk(ctx context.Context, peer identity.NodeID, q hostsQuestion) (a hostsAnswer, err error) {
	s, err := n.net.Open(ctx, peer, hostsProtocol)
	if err != nil {
		return a, err
	}
	defer s.Reset()
	b, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	if err := errors.Join(s.SetDeadline(time.Now().Add(hostsFor)), stream.WriteFrame(s, b), s.CloseWrite()); err != nil {
		return a, err
	}
	if b, err = stream.ReadFrame(s, hostsMax); err != nil {
		return a, err
	}
	err = json.Unmarshal(b, &a)
	a.Hosts = a.Hosts[:min(len(a.Hosts), hosts.MaxFound)]
	return a, err
}

// serveHosts answers a node that searches. Whoever takes an entrance can ask as
// a visitor there can, and gets no more.
func (n *Node) serveHosts(_ context.Context, s stream.Stream) {
	if err := n.answerOn(s); err != nil {
		s.Reset()
		return
	}
	_ = s.Close() // who asked may be gone
}

func (n *Node) answerOn(s stream.Stream) error {
	if err := s.SetDeadline(time.Now().Add(hostsFor)); err != nil {
		return err
	}
	b, err := stream.ReadFrame(s, hostsMax)
	if err != nil {
		return err
	}
	var q hostsQuestion
	if err := json.Unmarshal(b, &q); err != nil {
		return err
	}
	if b, err = json.Marshal(n.answerHosts(q)); err != nil {
		return err
	}
	return stream.WriteFrame(s, b)
}

func (n *Node) answerHosts(q hostsQuestion) (a hostsAnswer) {
	if q.Named != "" {
		a.Mail = n.hosts.MailOf(q.Named).Reveal()
		return a
	}
	found, more := n.hosts.Find(q.Find)
	for _, h := range found {
		a.Hosts = append(a.Hosts, FoundHost{h.Name.Reveal(), h.Unit.Reveal()})
	}
	a.Hosts, a.More = slices.Compact(a.Hosts), more
	return a
}
