package privacy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Protocol is where a member says which acts it holds, and up to which date
// its keys have died. The one who asks says nothing.
const Protocol = "/upprop/erasures/1"

// patience is how long a member may take to answer.
const patience = 5 * time.Second

// Exchange asks members for their acts, and answers those who ask. Safe for
// concurrent use.
type Exchange struct {
	net    stream.Network
	answer func() Answer

	mu    sync.Mutex
	heard map[identity.NodeID]heardHorizon
}

type heardHorizon struct {
	day record.Day
	at  time.Time // monotonic
}

// NewExchange registers the protocol; call it before peers connect. answer is
// what this node says; it must not block for long.
func NewExchange(net stream.Network, answer func() Answer) *Exchange {
	e := &Exchange{net: net, answer: answer, heard: map[identity.NodeID]heardHorizon{}}
	net.Handle(Protocol, false, e.serve)
	return e
}

func (e *Exchange) serve(_ context.Context, s stream.Stream) {
	if s.SetDeadline(time.Now().Add(patience)) != nil || stream.WriteFrame(s, e.answer().encode()) != nil {
		s.Reset()
		return
	}
	_ = s.Close()
}

// Ask asks a connected member. Errors: those of the network; an answer that is
// none.
func (e *Exchange) Ask(ctx context.Context, peer identity.NodeID) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := e.net.Open(ctx, peer, Protocol)
	if err != nil {
		return Answer{}, fmt.Errorf("ask for erasures: %w", err)
	}
	defer s.Reset()
	if err := s.SetDeadline(time.Now().Add(patience)); err != nil {
		return Answer{}, fmt.Errorf("ask for erasures: %w", err)
	}
	b, err := stream.ReadFrame(s, maxAnswer)
	if err != nil {
		return Answer{}, fmt.Errorf("ask for erasures: %w", err)
	}
	a, err := decodeAnswer(b)
	if err != nil {
		return Answer{}, fmt.Errorf("ask for erasures: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard[peer] = heardHorizon{a.Horizon, time.Now()}
	return a, nil
}

// Horizon is the highest horizon that was told within the last minute by a
// member that may is true of; zero: none.
func (e *Exchange) Horizon(may func(identity.NodeID) bool) (day record.Day) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, h := range e.heard {
		switch {
		case time.Since(h.at) > time.Minute:
			delete(e.heard, id)
		case may(id):
			day = max(day, h.day)
		}
	}
	return day
}
