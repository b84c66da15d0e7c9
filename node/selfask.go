package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// selfAsker asks desks for a person who stands at a node that opens nothing.
type selfAsker struct {
	open func(ctx context.Context, peer identity.NodeID, protocol string) (stream.Stream, error)
	log  *slog.Logger
}

// first is the answer of the first desk that has one. What changes something is
// asked of one desk alone, once it has been told: who gives no answer may have
// done it, and it must not be done twice. Errors: *rights.Problem,
// *visits.Problem.
func (s selfAsker) first(ctx context.Context, desks []identity.NodeID, a rights.SelfAsk) (rights.SelfAnswer, error) {
	var last error = rights.ErrSelfNone
	for _, id := range desks {
		w, told, err := s.ask(ctx, id, a)
		switch {
		case err != nil:
			last = rights.ErrSelfNone
			s.log.Info("a desk did not answer a person who asks about their own visit", "desk", id.Short(), "err", err)
			if told && a.Do != rights.AskSee && a.Do != rights.AskFind {
				return rights.SelfAnswer{}, rights.ErrSelfMaybe
			}
		case w.Problem == "":
			return w.Answer, nil
		case w.Problem == rights.ErrNotYet.Key:
			last = rights.ErrNotYet // it has done nothing
		case w.Problem == rights.ErrSelfNoMail.Key:
			last = rights.ErrSelfNoMail // nor has this
		default:
			return rights.SelfAnswer{}, &visits.Problem{Key: w.Problem, Field: w.Field, Limit: w.Limit, Hint: w.Hint}
		}
	}
	return rights.SelfAnswer{}, last
}

// ask asks one desk, until ctx ends or for selfPatience; told: it may have heard
// all of what is asked.
func (s selfAsker) ask(ctx context.Context, id identity.NodeID, a rights.SelfAsk) (w selfWire, told bool, err error) {
	ctx, done := context.WithTimeout(ctx, selfPatience)
	defer done()
	b, err := json.Marshal(a)
	if err == nil && len(b) > maxSelfAsk {
		err = errors.New("more is asked than a desk takes")
	}
	if err != nil {
		return w, false, fmt.Errorf("ask a desk: %w", err)
	}
	to, err := s.open(ctx, id, selfProtocol)
	if err != nil {
		return w, false, fmt.Errorf("ask a desk: %w", err)
	}
	defer to.Reset()
	until, _ := ctx.Deadline()
	if err := to.SetDeadline(until); err != nil {
		return w, false, fmt.Errorf("ask a desk: %w", err)
	}
	if err := stream.WriteFrame(to, b); err != nil {
		return w, false, fmt.Errorf("ask a desk: %w", err)
	}
	err = to.CloseWrite()
	if err == nil {
		b, err = stream.ReadFrame(to, maxSelfAnswer)
	}
	if err != nil {
		return w, true, fmt.Errorf("ask a desk: %w", err)
	}
	if json.Unmarshal(b, &w) != nil {
		return w, true, errors.New("ask a desk: not an answer") // the bytes are personal
	}
	return w, true, nil
}
