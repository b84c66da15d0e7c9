package access

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Protocol is where a member asks for the private keys of its audiences.
const Protocol = "/upprop/grant/1"

const (
	maxAsk    = 1 << 10
	maxAnswer = 64 << 10
	patience  = 5 * time.Second
	askEvery  = 3 * time.Second
)

// Keys are the private keys of audiences on this node. Safe for concurrent
// use.
type Keys interface {
	// Lacking are those of the audiences that have a public key in the campus
	// whose private key is not here.
	Lacking([]record.Audience) []record.Audience
	// Export is the private keys of the audiences in the form that Import
	// reads; nil when there are none here.
	Export([]record.Audience) ([]byte, error)
	// Import keeps keys, durably; those held already change nothing.
	Import([]byte) error
}

// Roster says who is who.
type Roster interface {
	Member(identity.NodeID) (identity.Member, bool)
	Watch(func(identity.Record)) (stop func())
}

// Config is what Grants are made of; all but Logger is required.
type Config struct {
	Net    stream.Network
	Roster Roster
	Keys   Keys
	Self   identity.NodeID
	Logger *slog.Logger
}

// Grants asks other members for the keys that this node's role is due, and
// answers those who ask.
type Grants struct {
	cfg  Config
	poke chan struct{}
}

// NewGrants registers the protocol; call it before peers connect.
func NewGrants(cfg Config) *Grants {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Grants{cfg: cfg, poke: make(chan struct{}, 1)}
	cfg.Net.Handle(Protocol, false, g.answer)
	cfg.Net.Notify(func(identity.NodeID, bool) { g.wake() })
	return g
}

func (g *Grants) wake() {
	select {
	case g.poke <- struct{}{}:
	default:
	}
}

// Run asks until ctx ends, whenever something is lacking.
func (g *Grants) Run(ctx context.Context) error {
	defer g.cfg.Roster.Watch(func(identity.Record) { g.wake() })()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		g.askAll(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-g.poke:
		case <-tick.C:
		}
	}
}

func (g *Grants) askAll(ctx context.Context) {
	self, ok := g.cfg.Roster.Member(g.cfg.Self)
	if !ok || self.Revoked != nil {
		return
	}
	due := Audiences(self.Role)
	for _, peer := range g.cfg.Net.Peers() {
		lacking := g.cfg.Keys.Lacking(due)
		if len(lacking) == 0 {
			return
		}
		m, ok := g.cfg.Roster.Member(peer)
		if !ok || m.Revoked != nil || len(Audiences(m.Role)) == 0 {
			continue
		}
		if err := g.ask(ctx, peer, lacking); err != nil && ctx.Err() == nil {
			g.cfg.Logger.Debug("audience keys were not granted", "peer", m.Name, "err", err)
		}
	}
}

func (g *Grants) ask(ctx context.Context, peer identity.NodeID, lacking []record.Audience) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := g.cfg.Net.Open(ctx, peer, Protocol)
	if err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	defer s.Reset()
	if err := s.SetDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	b, err := json.Marshal(lacking)
	if err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	if err := stream.WriteFrame(s, b); err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	keys, err := stream.ReadFrame(s, maxAnswer)
	if err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	defer clear(keys)
	if len(keys) == 0 {
		return nil
	}
	if err := g.cfg.Keys.Import(keys); err != nil {
		return fmt.Errorf("keep granted keys: %w", err)
	}
	g.cfg.Logger.Info("audience keys granted")
	return nil
}

// answer gives a member what its role is due and nothing else.
func (g *Grants) answer(_ context.Context, s stream.Stream) {
	defer s.Close()
	if s.SetDeadline(time.Now().Add(patience)) != nil {
		s.Reset()
		return
	}
	b, err := stream.ReadFrame(s, maxAsk)
	var asked []record.Audience
	if err != nil || json.Unmarshal(b, &asked) != nil {
		s.Reset()
		return
	}
	keys, err := g.due(s.Remote(), asked)
	if err != nil {
		g.cfg.Logger.Error("audience keys could not be read", "err", err)
	}
	defer clear(keys)
	if stream.WriteFrame(s, keys) != nil {
		s.Reset()
	}
}

// due are the keys that a member may have of those it asks for.
func (g *Grants) due(peer identity.NodeID, asked []record.Audience) ([]byte, error) {
	m, ok := g.cfg.Roster.Member(peer)
	if !ok || m.Revoked != nil {
		return nil, nil
	}
	var may []record.Audience
	for _, a := range Audiences(m.Role) {
		if slices.Contains(asked, a) {
			may = append(may, a)
		}
	}
	if len(may) == 0 {
		return nil, nil
	}
	return g.cfg.Keys.Export(may)
}
