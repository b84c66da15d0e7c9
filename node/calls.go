package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/calls"
)

// callProtocol takes a door's call to a desk, and back how it stands there. One
// frame each way; nothing in it is about a person but who answered, by id.
const callProtocol = "/upprop/call/1"

const (
	maxCallFrame = 1 << 10
	callPatience = 2 * time.Second
)

func (n *Node) openCalls() {
	n.calls = calls.New(calls.Config{
		Here:  func() bool { return n.Self().Role == identity.RoleDesk && n.Barred() == nil },
		Place: func() record.Place { return place(n.Self()) },
		Desks: func() int { return len(n.connectedDesks()) }, Tell: n.tellCall,
		Act:    func(by, what, note string) error { return n.ActBy(by, what, nil, note) },
		Called: func(c calls.Call) { n.notices.Called(c.ID, c.Place, c.Since) }, Now: n.cfg.Now,
	})
}

// Calls are the calls for help that doors make, and this node's own.
func (n *Node) Calls() *calls.Service { return n.calls }

// connectedDesks are the other desks that a stream can be opened to now.
func (n *Node) connectedDesks() (desks []identity.NodeID) {
	for _, id := range n.net.Peers() {
		if m, ok := n.roster.Member(id); ok && m.Role == identity.RoleDesk && m.Revoked == nil {
			desks = append(desks, id)
		}
	}
	return desks
}

// tellCall tells all desks at once, and returns how many have answered.
func (n *Node) tellCall(ctx context.Context, t calls.Told, got func(calls.Reply)) (count int) {
	b, err := json.Marshal(t)
	if err != nil {
		n.log.Error("a call for help could not be told", "err", err)
		return 0
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, id := range n.connectedDesks() {
		wg.Go(func() {
			r, err := n.askCall(ctx, id, b)
			if err != nil {
				n.log.Debug("a desk did not take a call for help", "desk", id.Short(), "err", err)
				return
			}
			got(r)
			mu.Lock()
			defer mu.Unlock()
			count++
		})
	}
	wg.Wait()
	return count
}

func (n *Node) askCall(ctx context.Context, id identity.NodeID, b []byte) (r calls.Reply, err error) {
	ctx, done := context.WithTimeout(ctx, callPatience)
	defer done()
	s, err := n.net.Open(ctx, id, callProtocol)
	if err != nil {
		return r, fmt.Errorf("tell of a call: %w", err)
	}
	defer s.Reset()
	if err := errors.Join(s.SetDeadline(time.Now().Add(callPatience)), stream.WriteFrame(s, b), s.CloseWrite()); err != nil {
		return r, fmt.Errorf("tell of a call: %w", err)
	}
	answer, err := stream.ReadFrame(s, maxCallFrame)
	if err == nil {
		err = json.Unmarshal(answer, &r)
	}
	if err != nil {
		return r, fmt.Errorf("tell of a call: %w", err)
	}
	return r, nil
}

// serveCall takes another door's call. Where it stands is what the roster says of
// who tells it.
func (n *Node) serveCall(_ context.Context, s stream.Stream) {
	m, ok := n.roster.Member(s.Remote())
	if !ok || m.Revoked != nil || s.SetDeadline(time.Now().Add(callPatience)) != nil {
		s.Reset()
		return
	}
	b, err := stream.ReadFrame(s, maxCallFrame)
	var t calls.Told
	if err != nil || json.Unmarshal(b, &t) != nil {
		s.Reset()
		return
	}
	if b, err = json.Marshal(n.calls.Hear(place(m), t)); err != nil || stream.WriteFrame(s, b) != nil {
		s.Reset()
		return
	}
	_ = s.Close()
}
