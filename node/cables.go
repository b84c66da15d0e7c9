package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/cable"
)

// Cables are what a drill has cut at this node.
func (n *Node) Cables() *cable.Service { return n.cables }

func (n *Node) openCables() {
	self := n.key.ID()
	n.cables = cable.New(cable.Config{
		Links: cables{n}, Self: record.NodeID(self), Evacuations: n.replica.Evacuations, Changed: n.replica.Changed,
		Others: func() (out []record.NodeID) {
			for _, m := range n.roster.Members() {
				if m.ID != self && m.Revoked == nil {
					out = append(out, record.NodeID(m.ID))
				}
			}
			return out
		},
		Trusted: n.mayCut, Record: n.note, Now: n.cfg.Now, Logger: n.log,
	})
}

// mayCut reports whether a drill that a node starts may cut links: a desk in good
// standing. A handheld or an entrance is taken more easily.
func (n *Node) mayCut(id record.NodeID) bool {
	m, ok := n.roster.Member(identity.NodeID(id))
	return ok && m.Revoked == nil && m.Role == identity.RoleDesk
}

// StartCut starts a drill that cuts links of the named nodes: "A~B" is the link
// between two, "A" all links of one. It cuts for so long at most; zero is
// cable.DefaultCut. Errors: *alarm.Problem.
func (n *Node) StartCut(ctx context.Context, site record.SiteID, links []string, lasts time.Duration) (record.Evacuation, error) {
	if lasts == 0 {
		lasts = cable.DefaultCut
	}
	switch {
	case !n.mayCut(record.NodeID(n.key.ID())):
		return record.Evacuation{}, &alarm.Problem{Key: "cut.not_here", Hint: "a drill that cuts links is started at a desk, and nothing was started: go to one, or start a drill without cutting links"}
	case lasts < time.Minute || lasts > cable.MaxCut:
		return record.Evacuation{}, &alarm.Problem{Key: "cut.long", Hint: "links are cut for a minute at least and 30 minutes at most, and nothing was started: give --cut-for between 1m and 30m"}
	case len(links) > cable.MaxLinks:
		return record.Evacuation{}, &alarm.Problem{Key: "cut.links", Hint: "a drill cuts 64 links at most, and nothing was started: name a node alone to cut all its links"}
	}
	var cuts []record.Cut
	for _, link := range links {
		c, err := n.cutOf(link)
		if err != nil {
			return record.Evacuation{}, err
		}
		cuts = append(cuts, c)
	}
	return n.alarm.StartCut(ctx, site, cuts, lasts)
}

func (n *Node) cutOf(link string) (c record.Cut, err error) {
	a, b, both := strings.Cut(link, "~")
	if c.A, err = n.named(a); err == nil && both {
		c.B, err = n.named(b)
	}
	if err == nil && c.A == c.B {
		err = &alarm.Problem{Key: "cut.self", Hint: "a node has no link to itself, and nothing was started: name two nodes, or one alone to cut all its links"}
	}
	return c, err
}

func (n *Node) named(name string) (record.NodeID, error) {
	m, ok := n.roster.ByName(strings.TrimSpace(name))
	if !ok || m.Revoked != nil {
		return record.NodeID{}, &alarm.Problem{Key: "cut.no_node", Hint: "no node of that name is in the campus, and nothing was started: write it as `upprop nodes` does, two of them with ~ between for one link"}
	}
	return record.NodeID(m.ID), nil
}

// cables implements cable.Links.
type cables struct{ node *Node }

func (c cables) Cut(peer record.NodeID) {
	c.node.net.Cut(identity.NodeID(peer))
	c.node.mesh.DialSoon() // the whisper needs a connection
}

func (c cables) Restore(peer record.NodeID) {
	c.node.net.Restore(identity.NodeID(peer))
	c.node.mesh.DialSoon()
}

// Ask sends the drill's id and reads one byte, the word.
func (c cables) Ask(ctx context.Context, peer record.NodeID, drill record.EvacID) (cable.Word, error) {
	s, err := c.node.net.Whisper(ctx, identity.NodeID(peer))
	if err != nil {
		return cable.Keep, fmt.Errorf("ask about a cut: %w", err)
	}
	defer s.Reset()
	if err := errors.Join(s.SetDeadline(time.Now().Add(askFor)), stream.WriteFrame(s, drill[:]), s.CloseWrite()); err != nil {
		return cable.Keep, fmt.Errorf("ask about a cut: %w", err)
	}
	b, err := stream.ReadFrame(s, 1)
	if err != nil || len(b) != 1 {
		return cable.Keep, fmt.Errorf("ask about a cut: %w", errors.Join(err, stream.ErrReset))
	}
	return cable.Word(b[0]), nil
}

// serveCut answers the other end of a cut.
func (n *Node) serveCut(_ context.Context, s stream.Stream) {
	err := s.SetDeadline(time.Now().Add(askFor))
	var b []byte
	if err == nil {
		b, err = stream.ReadFrame(s, len(record.EvacID{}))
	}
	if err != nil || len(b) != len(record.EvacID{}) || stream.WriteFrame(s, []byte{byte(n.cables.Answer(record.EvacID(b)))}) != nil {
		s.Reset()
		return
	}
	_ = s.Close() // what was written still arrives
}
